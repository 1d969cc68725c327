package engine

import (
	"time"

	"github.com/weft-mesh/weft/translators/model"
)

const (
	// Interval is the least time between two pushes of policy to one class, and
	// for how long there must be no change for the next to be a lone one.
	Interval = 100 * time.Millisecond
	// maxInterval is the time between two pushes where very many objects change.
	maxInterval = 10 * time.Second
	// worth is what one change adds to the backlog. Changes that come no faster
	// than that, as the steps of a thousand canaries in a minute, leave none.
	worth = 50 * time.Millisecond
)

// burst is a run of changes of policy anywhere in the mesh, without a pause
// between them.
type burst struct {
	since, last time.Time
	// backlog is how far changes had run ahead of one in each worth of time, at last.
	backlog time.Duration
}

// touch notes a change.
func (b *burst) touch(now time.Time) {
	if now.Sub(b.last) >= b.pause(now) {
		b.since = now
	}
	b.last, b.backlog = now, min(b.behind(now)+worth, maxInterval)
}

func (b *burst) behind(now time.Time) time.Duration { return max(b.backlog-now.Sub(b.last), 0) }

// interval is the time between two pushes to one class.
func (b *burst) interval(now time.Time) time.Duration { return max(b.behind(now), Interval) }

// pause is how long nothing must come for the burst to be over. An apply of many
// thousand objects halts for a moment now and then, and is still the same.
func (b *burst) pause(now time.Time) time.Duration {
	return max(b.behind(now)/10, Interval)
}

// inBursts tells of which kinds many objects are applied in one go. Pods and
// their endpoints come and go by themselves.
func inBursts(k model.Kind) bool {
	return k != model.KindPod && k != model.KindEndpointSlice
}

// pace says when a class is pushed its next policy. The law:
//
//   - A change after a pause goes out at once. A second without any is always
//     one, Interval is where few changes were before.
//   - So does the first in a burst that concerns the class.
//   - All others wait until the class was not pushed for the burst's interval, or
//     nothing has come for its pause: whichever is first.
//
// So a change waits for Interval where few come, and for maxInterval at most. Ten
// thousand objects at once are two pushes, and one in maxInterval where it takes
// minutes to apply them.
type pace struct{ pushed time.Time }

// wait is for how long what has changed has to wait; 0 where it goes out now.
func (p *pace) wait(now time.Time, b burst) time.Duration {
	if !p.pushed.Before(b.since) {
		due, over := p.pushed.Add(b.interval(now)), b.last
		if over.Before(p.pushed) {
			over = p.pushed // it is of pods, which are no burst
		}
		if over = over.Add(b.pause(now)); over.Before(due) {
			due = over
		}
		if wait := due.Sub(now); wait > 0 {
			return wait
		}
	}
	p.pushed = now
	return 0
}
