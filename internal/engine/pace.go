package engine

import "time"

const (
	// Interval is the least time between two pushes of policy to one class, and
	// for how long there must be no change for a burst to be over.
	Interval = 100 * time.Millisecond
	// maxInterval is the time between two pushes in a burst that does not end.
	maxInterval = 5 * time.Second
)

// pace says when a class is pushed its next policy. A change that comes alone
// goes out at once. In a burst the class is pushed ever more seldom, as long as
// the burst has lasted so far, and once more when it is over: many thousand
// objects that are applied in one go are a few pushes.
type pace struct {
	pushed, touched time.Time
	interval        time.Duration
	waiting         bool
}

// touch notes a change.
func (p *pace) touch(now time.Time) {
	if !p.waiting && now.Sub(p.touched) >= Interval {
		p.interval = Interval
	}
	p.touched = now
}

// wait is for how long what has changed has to wait; 0 where it goes out now.
func (p *pace) wait(now time.Time) time.Duration {
	due, quiet := p.pushed.Add(p.interval), p.touched
	if quiet.Before(p.pushed) {
		quiet = p.pushed
	}
	if quiet = quiet.Add(Interval); quiet.Before(due) {
		due = quiet
	}
	if wait := due.Sub(now); wait > 0 {
		p.waiting = true
		return wait
	}
	if p.waiting && !now.Before(p.pushed.Add(p.interval)) {
		p.interval = min(2*p.interval, maxInterval)
	} else {
		p.interval = Interval
	}
	p.pushed, p.waiting = now, false
	return 0
}
