package xds

import (
	"slices"
	"strings"
)

const (
	// maxMessage bounds how much of a proxy's complaint is kept.
	maxMessage = 2 << 10
	// maxComplaints bounds how many of one stream are logged for all to see.
	maxComplaints = 20
)

// answered takes in the answer to a response. An answer to none that waits is
// ignored.
func (s *stream) answered(l *lane, req *request) {
	i := slices.IndexFunc(l.waiting, func(r *response) bool { return r.nonce == req.nonce })
	if i < 0 {
		s.metrics.ignored(reasonNonce)
		return
	}
	r := l.waiting[i]
	l.waiting = slices.Delete(l.waiting, i, i+1)
	if len(l.waiting) == 0 {
		l.waiting = nil
	}
	s.metrics.unanswered.Dec()
	s.metrics.answered(l.typ, s.clock.Since(r.sent), req.refused)
	if req.refused {
		s.refused(l, r, req.complaint)
	}
}

// refused finds out which resource of a response was at fault. What else was in
// it may not have been applied either, so all of it is sent again, one by one.
func (s *stream) refused(l *lane, r *response, message string) {
	message = strings.Clone(message[:min(len(message), maxMessage)])
	for _, name := range r.removed {
		if s.current(l, name) == nil && l.wants(name) && len(r.upserts) > 0 {
			l.doom(&Resource{Name: name})
		}
	}
	if len(r.upserts) != 1 {
		s.log.V(1).Info("proxy refused a response", "type", l.typ.String(), "resources", len(r.upserts), "reason", message)
		l.alone = append(l.alone, r.upserts...)
		return
	}
	bad := r.upserts[0]
	if s.current(l, bad.Name) != bad {
		return
	}
	if l.rejected == nil {
		l.rejected = map[string]*Resource{}
	}
	l.rejected[bad.Name] = bad
	s.metrics.rejected(l.typ)
	s.complaints++
	s.log.V(min(s.complaints/(maxComplaints+1), 1)).Info("proxy refused a resource", "type", l.typ.String(), "resource", bad.Name, "version", bad.Version, "reason", message)
	s.member.Rejected(l.typ, bad, message)
}

// current is the newest of a name that the proxy was sent.
func (s *stream) current(l *lane, name string) *Resource {
	if l.typ == Secret {
		return s.secret(name)
	}
	if r := l.at.Get(name); r != nil {
		return r
	}
	if d := s.demand[name]; d != nil && l.typ == Cluster {
		return d.sent
	}
	return nil
}

// sendAlone sends what was refused in company, each resource by itself, unless
// it has been replaced meanwhile.
func (s *stream) sendAlone(l *lane) error {
	for len(l.alone) > 0 && len(l.waiting) < maxAlone {
		r := l.alone[0]
		l.alone = l.alone[1:]
		if s.current(l, r.Name) != r || !l.wants(r.Name) {
			continue
		}
		if err := s.send(l, these(r), nil); err != nil {
			return err
		}
	}
	if len(l.alone) == 0 {
		l.alone = nil
	}
	return nil
}
