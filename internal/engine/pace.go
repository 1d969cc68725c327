package engine

import "time"

const (
	// Interval is the least time between two pushes of policy to one class, and
	// for how long there must be no change for a burst to be over.
	Interval = 100 * time.Millisecond
	// maxInterval is the time between two pushes in a burst that does not end.
	maxInterval = 5 * time.Second
)

// burst is a run of changes of policy anywhere in the mesh without a moment of
// quiet between them, as one apply of many objects is.
type burst struct{ since, last time.Time }

// touch notes a change.
func (b *burst) touch(now time.Time) {
	if now.Sub(b.last) >= Interval {
		b.since = now
	}
	b.last = now
}

// pace says when a class is pushed its next policy. Its first change in a burst
// goes out at once, and so does each that comes alone. After that the class is
// pushed ever more seldom, as long as the burst has lasted so far, and once more
// when it is over: many thousand objects that are applied in one go are a few
// pushes.
type pace struct {
	pushed   time.Time
	interval time.Duration
}

// wait is for how long what has changed has to wait; 0 where it goes out now.
func (p *pace) wait(now time.Time, b burst) time.Duration {
	first := p.pushed.Before(b.since)
	if first {
		p.interval = Interval
	}
	due, quiet := p.pushed.Add(p.interval), b.last
	if quiet.Before(p.pushed) {
		quiet = p.pushed
	}
	if quiet = quiet.Add(Interval); quiet.Before(due) {
		due = quiet
	}
	if wait := due.Sub(now); wait > 0 {
		return wait
	}
	if !first {
		p.interval = min(2*p.interval, maxInterval)
	}
	p.pushed = now
	return 0
}
