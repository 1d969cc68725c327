package xds

import (
	"slices"
	"strings"
)

const (
	wildcard = "*"
	// maxName bounds a resource name; longer ones are ignored.
	maxName = 4 << 10
	// maxNames bounds the names that one stream asks for, maxNameBytes what they
	// and the versions that it came with hold together.
	maxNames     = 100_000
	maxNameBytes = 16 << 20
)

// legacyWildcard are the types of which an empty first request asks for all.
var legacyWildcard = [numTypes]bool{Cluster: true, ScopedRoute: true, Listener: true}

// request takes in what the proxy says of one type.
func (s *stream) request(req *request) error {
	t, ok := TypeOf(req.typeURL)
	if !ok {
		s.metrics.ignored(reasonType)
		return nil
	}
	l := &s.lanes[t]
	if req.nonce != "" {
		s.answered(l, req)
	}
	if t == Secret {
		return s.subscribeSecrets(l, req)
	}
	return s.subscribe(l, req)
}

// subscribe changes the subscription of a type, as the delta protocol has it.
func (s *stream) subscribe(l *lane, req *request) error {
	first := !l.asked
	l.asked = true
	wild := first && legacyWildcard[l.typ] && len(req.subscribe) == 0
	if first {
		l.held = req.held
		for name, version := range l.held {
			s.nameBytes += len(name) + len(version)
		}
	}
	found, absent, err := s.rename(l, req)
	if err == nil && len(found)+len(absent) > 0 {
		err = s.send(l, these(found...), absent)
	}
	if wild = wild || slices.Contains(req.subscribe, wildcard); wild && !l.wild {
		s.joinAll(l)
	}
	return err
}

// rename takes in which names are asked for now. It gives the clusters on demand
// that are to be sent for it, and the names that there is nothing of.
func (s *stream) rename(l *lane, req *request) (found []*Resource, absent []string, err error) {
	for _, name := range req.unsubscribe {
		if s.drop(l, name) {
			absent = append(absent, strings.Clone(name))
		}
	}
	if s.askForAll(l, req.subscribe) {
		return nil, absent, nil
	}
	for _, name := range req.subscribe {
		if s.named > maxNames || s.nameBytes > maxNameBytes {
			break
		}
		name = strings.Clone(name)
		if name == wildcard || !s.add(l, name) {
			continue
		}
		if r, known := s.ask(l, name); r == nil {
			absent = append(absent, name)
		} else if !known {
			found = append(found, r)
		}
	}
	if s.named > maxNames || s.nameBytes > maxNameBytes {
		return nil, nil, errNames
	}
	return found, absent, nil
}

// askForAll takes in names that are those of all that there is, which is what
// nearly every proxy asks for first: then there is nothing to look up. It tells
// whether they are.
func (s *stream) askForAll(l *lane, asked []string) bool {
	want := s.want.Set(l.typ)
	if l.typ == Cluster || l.at != emptySet || l.names.len() > 0 || len(asked) == 0 || !want.named(asked) {
		return false
	}
	l.names.base = want
	for _, name := range asked {
		s.nameBytes += len(name)
	}
	s.named += len(asked)
	return true
}

// joinAll begins the subscription to all resources of a type.
func (s *stream) joinAll(l *lane) {
	l.wild = true
	l.unanswered = len(l.held) == 0
	// What was sent by name is sent again: this happens to no proxy in practice.
	l.names.flatten()
	l.at = emptySet
}

// add subscribes to a name, which has to be answered even if it was before. It
// tells whether that is a cluster to be had on demand.
func (s *stream) add(l *lane, name string) bool {
	if len(name) > maxName || name == "" {
		s.metrics.ignored(reasonName)
		return false
	}
	if l.names.add(name) {
		s.named++
		s.nameBytes += len(name)
	}
	if l.typ == Cluster && s.want.Set(Cluster).Get(name) == nil && l.at.Get(name) == nil {
		return true
	}
	l.refresh(name)
	return false
}

// drop unsubscribes from a name. It tells whether the proxy has to be told that
// it is gone.
func (s *stream) drop(l *lane, name string) bool {
	if name == wildcard {
		l.wild = false
	} else if l.names.drop(name) {
		s.named--
		s.nameBytes -= len(name)
	}
	l.forget(name)
	return l.typ == Cluster && s.unask(l, name)
}
