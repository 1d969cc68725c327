package xds

// maxDemand bounds the clusters that one proxy can watch by name. An
// application that dials more addresses than that gets no more of them.
const maxDemand = 10_000

// demanded is a cluster that the proxy asked for by name.
type demanded struct {
	// sent is what the proxy has; nil when it was told that there is none.
	sent *Resource
}

// Forgetter is a Member that wants to know which names are no longer watched.
type Forgetter interface {
	// Forget ends the watch on a name that OnDemand was asked for.
	Forget(name string)
}

// ask looks for a cluster that is not in the snapshot; nil where there is none.
// known tells that the proxy has it.
func (s *stream) ask(l *lane, name string) (r *Resource, known bool) {
	held, had := l.held[name]
	delete(l.held, name)
	d := s.demand[name]
	if d == nil {
		if len(s.demand) >= maxDemand {
			s.metrics.ignored(reasonDemand)
			return nil, false
		}
		d = &demanded{}
		if s.demand == nil {
			s.demand = map[string]*demanded{}
		}
		s.demand[name] = d
	}
	d.sent = s.member.OnDemand(name)
	return d.sent, d.sent != nil && had && held == d.sent.Version
}

// askAgain sends what has changed of the clusters asked for by name.
func (s *stream) askAgain() error {
	l := &s.lanes[Cluster]
	var changed []*Resource
	var removed []string
	for _, name := range sortedNames(s.demand) {
		d := s.demand[name]
		if r := l.at.Get(name); r != nil {
			d.sent = r // The snapshot has it now.
			continue
		}
		r := s.member.OnDemand(name)
		switch r {
		case d.sent:
			continue
		case nil:
			removed = append(removed, name)
		default:
			changed = append(changed, r)
		}
		d.sent = r
		delete(l.rejected, name)
		delete(l.doomed, name)
	}
	if len(changed) == 0 && len(removed) == 0 {
		return nil
	}
	return s.send(l, these(changed...), removed)
}

// unask forgets a cluster that the proxy no longer asks for by name, and tells
// whether it has to be told so: it can't know whether the wildcard holds it.
func (s *stream) unask(l *lane, name string) bool {
	d := s.demand[name]
	if d == nil {
		return false
	}
	delete(s.demand, name)
	delete(l.rejected, name)
	if f, ok := s.member.(Forgetter); ok {
		f.Forget(name)
	}
	return l.wild && d.sent != nil && l.at.Get(name) == nil
}
