package xds

import (
	"strings"
	"time"

	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/translators/envoy"
)

// The names of the secrets. Whose they are is decided by who asks.
const (
	WorkloadSecret = envoy.WorkloadSecret
	RootsSecret    = envoy.RootsSecret
)

// Secrets makes what belongs to one proxy alone.
type Secrets interface {
	// Workload makes a certificate for a pod.
	Workload(peer identity.Peer) (Leaf, error)
	// Held tells whether a pod that has a secret of this version can go on with it.
	Held(peer identity.Peer, version string) (Leaf, bool)
	// Due tells when a pod's certificate is to be replaced, which is sooner than
	// Leaf.Renew if what it was issued on has changed.
	Due(peer identity.Peer, l Leaf) time.Time
	// Roots are the same for all; nil before there are any.
	Roots() *Resource
	// Changed is closed when Roots or Due may answer anew.
	Changed() <-chan struct{}
}

// Leaf is a pod's certificate and key, ready to send.
type Leaf struct {
	// Secret is nil for one that the proxy already has.
	Secret *Resource
	// Version identifies it.
	Version string
	// Renew is when it is to be replaced.
	Renew time.Time
}

// retrySecret is how long after a failure a certificate is tried again.
const retrySecret = 2 * time.Second

// secretState is what a stream knows of its proxy's secrets.
type secretState struct {
	leaf  Leaf
	roots *Resource
	// wantLeaf and wantRoots tell what the proxy asked for.
	wantLeaf, wantRoots bool
	timer               clock.Timer
	changed             <-chan struct{}
}

// due is signalled when the certificate is to be replaced.
func (o *secretState) due() <-chan time.Time {
	if o.timer == nil {
		return nil
	}
	return o.timer.C()
}

func (o *secretState) stop() {
	if o.timer != nil {
		o.timer.Stop()
	}
}

// subscribeSecrets takes in what the proxy asks of its secrets. They wait for
// nothing: clusters and listeners that are being brought up wait for them.
func (s *stream) subscribeSecrets(l *lane, req *request) error {
	held := map[string]string(nil)
	if !l.asked {
		held = req.held
	}
	l.asked = true
	if s.own.changed == nil {
		s.own.changed = s.secrets.Changed()
	}
	for _, name := range req.unsubscribe {
		s.wantSecret(l, name, false)
	}
	for _, name := range req.subscribe {
		if len(name) > maxName || name == wildcard {
			s.metrics.ignored(reasonName)
			continue
		}
		if err := s.answerSecret(l, strings.Clone(name), strings.Clone(held[name])); err != nil {
			return err
		}
	}
	return nil
}

// wantSecret notes that the proxy asks for a secret, or no longer. It tells
// whether there is one of that name.
func (s *stream) wantSecret(l *lane, name string, want bool) bool {
	switch name {
	case WorkloadSecret:
		s.own.wantLeaf = want
	case RootsSecret:
		s.own.wantRoots = want
	default:
		return false
	}
	if want {
		l.names.add(name)
	} else {
		l.names.drop(name)
		delete(l.rejected, name)
	}
	return true
}

func (s *stream) answerSecret(l *lane, name, held string) error {
	if !s.wantSecret(l, name, true) {
		return s.send(l, batch{}, []string{name})
	}
	if name == RootsSecret {
		s.own.roots = s.secrets.Roots()
		if s.own.roots == nil || s.own.roots.Version == held {
			return nil // It is sent as soon as there is one.
		}
		return s.send(l, these(s.own.roots), nil)
	}
	if held != "" {
		if leaf, ok := s.secrets.Held(s.peer, held); ok {
			s.own.leaf = leaf
			s.wakeAt(s.secrets.Due(s.peer, leaf))
			return nil
		}
	}
	// A second question is answered with what there is.
	if r := s.own.leaf.Secret; r != nil && s.clock.Now().Before(s.own.leaf.Renew) {
		return s.send(l, these(r), nil)
	}
	return s.renew()
}

// renew sends a new certificate. If none can be made the proxy keeps the one it
// has, and it is tried again.
func (s *stream) renew() error {
	if !s.own.wantLeaf {
		return nil
	}
	start := s.clock.Now()
	leaf, err := s.secrets.Workload(s.peer)
	s.metrics.issuing.Observe(s.clock.Since(start).Seconds())
	if err != nil {
		s.metrics.secrets.WithLabelValues("failed").Inc()
		s.log.Error(err, "certificate not issued")
		s.wakeAt(s.clock.Now().Add(retrySecret))
		return nil
	}
	s.metrics.secrets.WithLabelValues("issued").Inc()
	s.own.leaf = leaf
	s.wakeAt(leaf.Renew)
	l := &s.lanes[Secret]
	delete(l.rejected, WorkloadSecret)
	return s.send(l, these(leaf.Secret), nil)
}

// secretsChanged takes up new roots, and new terms for certificates.
func (s *stream) secretsChanged() error {
	s.own.changed = s.secrets.Changed()
	if s.own.wantLeaf && s.own.leaf.Version != "" {
		s.wakeAt(s.secrets.Due(s.peer, s.own.leaf))
	}
	roots := s.secrets.Roots()
	if !s.own.wantRoots || roots == nil || roots == s.own.roots {
		return nil
	}
	s.own.roots = roots
	l := &s.lanes[Secret]
	delete(l.rejected, RootsSecret)
	return s.send(l, these(roots), nil)
}

// secret is the newest of a name that the proxy was sent.
func (s *stream) secret(name string) *Resource {
	switch name {
	case WorkloadSecret:
		return s.own.leaf.Secret
	case RootsSecret:
		return s.own.roots
	}
	return nil
}

// wakeAt sets the time of the next renewal.
func (s *stream) wakeAt(t time.Time) {
	wait := max(t.Sub(s.clock.Now()), 0)
	if s.own.timer == nil {
		s.own.timer = s.clock.NewTimer(wait)
		return
	}
	s.own.timer.Stop()
	s.own.timer.Reset(wait)
}
