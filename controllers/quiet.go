package controllers

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/weft-mesh/weft/translators/model"
)

// A status is a write of its object: a client that has read the object before,
// and updates it by what it read, is refused, and not every client tries again.
// So there are few of them, and none right after a client's own write.
const (
	// quiet is for how long an object has to be as it is before its status is
	// written, and how far apart two of those writes are.
	quiet = 100 * time.Millisecond
	// untold is for how long proxies may be waited for before the object says
	// so: most need less, and then it says Programmed alone.
	untold = time.Second
	// Between these two, proxies that are waited for are asked again.
	soonest, latest = 100 * time.Millisecond, 5 * time.Second
)

// hold is for how long conditions that differ from the stored ones are not to be
// written yet.
func (w written) hold(now time.Time, stored, after []metav1.Condition) time.Duration {
	until := later(w.seen.Add(quiet), w.at.Add(quiet))
	if waiting(after) {
		until = later(until, w.pending.Add(untold))
		if sameButFor(string(model.ConditionProgrammed), stored, after) && waiting(stored) {
			// A count of proxies alone is worth no write for each of them.
			until = later(until, w.at.Add(latest))
		}
	}
	return until.Sub(now)
}

// pause is when the proxies are asked again, as those of other replicas don't
// tell by themselves: soon after a change, then ever later. It goes by the time
// that has passed, as the writes of a status bring an object here as well.
func (w written) pause(now time.Time) time.Duration {
	if w.pending.IsZero() {
		return 0
	}
	return min(max(soonest, now.Sub(w.pending)), latest)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// waiting tells whether conditions say that proxies are waited for.
func waiting(conditions []metav1.Condition) bool {
	for _, c := range conditions {
		if c.Type == string(model.ConditionProgrammed) {
			return c.Reason == model.ReasonPending
		}
	}
	return false
}

// sameButFor tells whether conditions of one generation differ in the message of
// one of them alone.
func sameButFor(kind string, a, b []metav1.Condition) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		if x.Type == kind {
			x.Message, y.Message = "", ""
		}
		if !sameConditions([]metav1.Condition{x}, []metav1.Condition{y}) {
			return false
		}
	}
	return true
}
