package xds

import (
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	wildcard = "*"
	// maxName bounds a resource name; longer ones are ignored.
	maxName = 4 << 10
	// maxNames bounds the names that one stream asks for.
	maxNames = 100_000
)

// legacyWildcard are the types of which an empty first request asks for all.
var legacyWildcard = [numTypes]bool{Cluster: true, ScopedRoute: true, Listener: true}

// request takes in what the proxy says of one type.
func (s *stream) request(req *discoveryv3.DeltaDiscoveryRequest) error {
	t, ok := TypeOf(req.GetTypeUrl())
	if !ok {
		s.metrics.ignored(reasonType)
		return nil
	}
	l := &s.lanes[t]
	if req.GetResponseNonce() != "" {
		s.answered(l, req)
	}
	if t == Secret {
		return s.subscribeSecrets(l, req)
	}
	return s.subscribe(l, req)
}

// subscribe changes the subscription of a type, as the delta protocol has it.
func (s *stream) subscribe(l *lane, req *discoveryv3.DeltaDiscoveryRequest) error {
	first := !l.asked
	l.asked = true
	wild := first && legacyWildcard[l.typ] && len(req.GetResourceNamesSubscribe()) == 0
	if first {
		l.held = req.GetInitialResourceVersions()
	}
	for _, name := range req.GetResourceNamesUnsubscribe() {
		if err := s.drop(l, name); err != nil {
			return err
		}
	}
	for _, name := range req.GetResourceNamesSubscribe() {
		if name == wildcard {
			wild = true
			continue
		}
		if err := s.add(l, name); err != nil {
			return err
		}
	}
	if wild && !l.wild {
		s.joinAll(l)
	}
	return nil
}

// joinAll begins the subscription to all resources of a type.
func (s *stream) joinAll(l *lane) {
	l.wild = true
	l.unanswered = len(l.held) == 0
	// What was sent by name is sent again: this happens to no proxy in practice.
	l.names.flatten()
	l.at = emptySet
}

// add subscribes to a name, which has to be answered even if it was before.
func (s *stream) add(l *lane, name string) error {
	if len(name) > maxName || name == "" {
		s.metrics.ignored(reasonName)
		return nil
	}
	if l.names.add(name) {
		s.named++
	}
	if s.named > maxNames {
		return status.Errorf(codes.ResourceExhausted, "more than %d names in one stream", maxNames)
	}
	if l.typ == Cluster && s.want.Set(Cluster).Get(name) == nil && l.at.Get(name) == nil {
		return s.ask(l, name)
	}
	l.fresh = append(l.fresh, name)
	return nil
}

// drop unsubscribes from a name.
func (s *stream) drop(l *lane, name string) error {
	if name == wildcard {
		l.wild = false
	} else if l.names.drop(name) {
		s.named--
	}
	l.forget(name)
	if l.typ == Cluster {
		return s.unask(l, name)
	}
	return nil
}
