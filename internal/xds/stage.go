package xds

import "time"

// part says which changes of a type a step sends.
type part uint8

const (
	upserts part = 1 << iota
	removals
)

// step is one response of a stage at most.
type step struct {
	typ  Type
	part part
}

// stages is the order of a change, make before break: what is named comes
// before what names it, and goes after it. A stage begins when the proxy has
// answered all of the stages before. Endpoints have no place in it but the
// last: new ones never wait.
var stages = [][]step{
	{{Cluster, upserts}},
	{{Route, upserts}, {ScopedRoute, upserts}},
	{{Listener, upserts | removals}},
	{{ScopedRoute, removals}, {Route, removals}},
	{{Cluster, removals}},
	{{Endpoint, removals}},
}

// window is how many responses of a type may be unanswered before the next
// waits, so that newer snapshots merge into it.
var window = [numTypes]int{Cluster: 1, Endpoint: 8, Route: 1, ScopedRoute: 1, Listener: 1, Secret: 8}

// maxAlone is how many resources are tried one by one at a time.
const maxAlone = 64

// advance sends what can be sent now, and reports when nothing is left.
func (s *stream) advance() error {
	if err := s.take(step{Endpoint, upserts}); err != nil {
		return err
	}
	for _, stage := range stages {
		if stage[0].part == removals && !s.begun() {
			return nil
		}
		busy := false
		for _, st := range stage {
			if err := s.take(st); err != nil {
				return err
			}
			busy = busy || s.lanes[st.typ].busy()
		}
		if busy {
			return nil
		}
	}
	s.reportSynced()
	return nil
}

// begun tells that the proxy has asked for all that can name a cluster. One that
// connects anew asks type by type: until then its routes are those of before,
// and what they name must stay.
func (s *stream) begun() bool {
	for _, t := range []Type{Route, ScopedRoute, Listener} {
		if !s.lanes[t].asked && s.want.Set(t).Len() > 0 {
			return false
		}
	}
	return s.lanes[Listener].asked
}

// take does a step as far as the proxy has answered what was sent before.
func (s *stream) take(st step) error {
	l := &s.lanes[st.typ]
	if err := s.sendAlone(l); err != nil {
		return err
	}
	if !l.asked || len(l.alone) > 0 || len(l.waiting) >= window[l.typ] {
		return nil
	}
	var changed batch
	var removed []string
	answer := false
	if st.part&upserts != 0 && l.behind(s.want.Set(l.typ)) {
		answer = l.unanswered
		changed, removed = l.collect(s.want.Set(l.typ))
	}
	if st.part&removals != 0 {
		removed = append(removed, l.takeDoomed()...)
	}
	if len(changed.resources) == 0 && len(removed) == 0 && !answer {
		return nil
	}
	return s.send(l, changed, removed)
}

// reportSynced tells the fleet, once for each snapshot, that the proxy runs it.
func (s *stream) reportSynced() {
	if s.synced == s.want || !s.complete() {
		return
	}
	s.metrics.caughtUp(s.synced == nil, s.clock.Since(s.behind))
	s.synced, s.behind = s.want, time.Time{}
	s.member.Synced(s.want)
}

// complete tells whether the proxy has asked for all that its snapshot holds
// and has accepted it.
func (s *stream) complete() bool {
	for t := Cluster; t <= Listener; t++ {
		l, want := &s.lanes[t], s.want.Set(t)
		if !l.asked {
			// Clusters and listeners are always asked for in the end.
			if want.Len() > 0 || t == Cluster || t == Listener {
				return false
			}
			continue
		}
		if l.at != want || l.busy() || len(l.fresh) > 0 || len(l.doomed) > 0 || len(l.rejected) > 0 {
			return false
		}
		if !l.wild && !l.names.covers(want) {
			return false
		}
	}
	return true
}
