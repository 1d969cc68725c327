package engine

import "time"

const (
	// Interval is the least time between two pushes of policy to one class, and
	// for how long there must be no change for a burst to be over.
	Interval = 100 * time.Millisecond
	// maxInterval is the time between two pushes in a burst that does not end.
	maxInterval = 5 * time.Second
	// massive is how many changes of policy within each Interval are an apply of
	// many objects. Many canaries that step at a time are fewer.
	massive = 4
)

// burst is a run of changes of policy anywhere in the mesh without a moment of
// quiet between them, as one apply of many objects is.
type burst struct {
	since, last time.Time
	changes     int
}

// touch notes a change.
func (b *burst) touch(now time.Time) {
	if now.Sub(b.last) >= Interval {
		b.since = now
	}
	b.last = now
	b.changes++
}

// pace says when a class is pushed its next policy. Its first change in a burst
// goes out at once, and so does each that comes alone; the next wait for Interval.
// While very many come the class is pushed ever more seldom, as long as the
// burst has lasted so far, and once more when it is over: many thousand objects
// that are applied in one go are a few pushes.
type pace struct {
	pushed   time.Time
	interval time.Duration
	// seen is how many changes there were when it was pushed last.
	seen int
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
	if many := time.Duration(b.changes-p.seen)*Interval > massive*now.Sub(p.pushed); !first && many {
		p.interval = min(2*p.interval, maxInterval)
	} else {
		p.interval = Interval
	}
	p.pushed, p.seen = now, b.changes
	return 0
}
