package sidecars

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

const method = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"

// slowness is how long a slow sidecar leaves what it was sent unread.
const slowness = 500 * time.Millisecond

// Sidecar is one of a fleet. One goroutine owns it.
type Sidecar struct {
	fleet *Fleet
	index int
	token string

	stream grpc.ClientStream
	in     response
	// held is what it has, by the number of the name.
	held []holding
	// missing counts what it asked for by name and never got.
	missing int
	got     [kinds]bool
	scoped  bool

	complete chan struct{}
	once     sync.Once
}

// holding is what a sidecar has of a name.
type holding struct {
	version int32 // plus one; 0 for none
	// users are how many of its resources name it.
	users int32
	// lacks tells that it asked and was not answered.
	lacks bool
}

// run keeps a stream open until ctx ends.
func (s *Sidecar) run(ctx context.Context, conn *grpc.ClientConn) {
	defer conn.Close() //nolint:errcheck // it is over
	if s.token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+s.token)
	}
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, lastPause) {
		began := time.Now()
		err := s.session(ctx, conn)
		if ctx.Err() != nil {
			return
		}
		s.fleet.failed.Store(&err)
		if time.Since(began) > time.Second {
			pause = firstPause
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// session is one stream.
func (s *Sidecar) session(ctx context.Context, conn *grpc.ClientConn) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method)
	if err != nil {
		return err
	}
	s.fleet.connects.Add(1)
	s.stream = stream
	if err := s.begin(); err != nil {
		return err
	}
	for {
		if err := stream.RecvMsg(&s.in); err != nil {
			return err
		}
		if s.slow() {
			time.Sleep(slowness)
		}
		if err := s.take(); err != nil {
			return err
		}
	}
}

// begin asks for all again, and says what it has.
func (s *Sidecar) begin() error {
	for k := Cluster; k < kinds; k++ {
		r := &request{kind: k}
		if k == Cluster {
			r.node = fmt.Sprintf("sidecar-%d", s.index)
		}
		r.held = s.versions(k)
		switch k {
		case Cluster, Listener:
		case Secret:
			r.subscribe = s.fleet.options.Secrets
			if len(r.subscribe) == 0 {
				continue
			}
		case ScopedRoute:
			if !s.scoped {
				continue // until a listener has scopes
			}
		default:
			if r.subscribe = s.wanted(k); len(r.subscribe) == 0 {
				continue // until something names it
			}
		}
		if err := s.stream.SendMsg(r.encode()); err != nil {
			return err
		}
	}
	return nil
}

// versions are what it has of a kind.
func (s *Sidecar) versions(k Kind) map[string]string {
	held := map[string]string{}
	for n, h := range s.held {
		if h.version == 0 {
			continue
		}
		if name := s.fleet.table.named(int32(n)); name.kind == k {
			held[name.name] = s.fleet.table.version(h.version - 1).text
		}
	}
	return held
}

// wanted are the names of a kind that it asks for.
func (s *Sidecar) wanted(k Kind) []string {
	var names []string
	for n, h := range s.held {
		if name := s.fleet.table.named(int32(n)); h.users > 0 && name.kind == k {
			names = append(names, name.name)
		}
	}
	return names
}

// take takes a response in and answers it.
func (s *Sidecar) take() error {
	r := &s.in
	s.got[r.kind] = true
	var asks, drops []int32
	for _, e := range r.changed {
		h := s.at(e.name)
		was := h.version
		h.version = e.version + 1
		if h.lacks {
			h.lacks = false
			s.missing--
		}
		if was == h.version || (r.kind != Cluster && r.kind != Listener) {
			continue
		}
		v := s.fleet.table.version(e.version)
		if v.scoped && !s.scoped {
			s.scoped = true
			if err := s.stream.SendMsg((&request{kind: ScopedRoute}).encode()); err != nil {
				return err
			}
		}
		asks = s.use(v.refs, asks)
		drops = s.unuse(was, drops)
	}
	for _, n := range r.removed {
		h := s.at(n)
		was := h.version
		h.version = 0
		if h.lacks {
			h.lacks = false
			s.missing--
		}
		drops = s.unuse(was, drops)
	}
	ack := request{kind: r.kind, nonce: r.nonce}
	if err := s.stream.SendMsg(ack.encode()); err != nil {
		return err
	}
	s.fleet.answers.Add(1)
	s.fleet.watch.Load().acknowledged(s, r)
	s.fleet.delays.Load().acknowledged(r)
	if err := s.ask(asks, drops); err != nil {
		return err
	}
	s.check()
	return nil
}

func (s *Sidecar) at(n int32) *holding {
	if int(n) >= len(s.held) {
		grown := make([]holding, max(s.fleet.table.size(), int(n)+1))
		copy(grown, s.held)
		s.held = grown
	}
	return &s.held[n]
}

// use notes that names are named once more, and adds those that are new.
func (s *Sidecar) use(refs, asks []int32) []int32 {
	for _, n := range refs {
		h := s.at(n)
		if h.users++; h.users == 1 {
			asks = append(asks, n)
		}
	}
	return asks
}

// unuse takes back what a version named.
func (s *Sidecar) unuse(v int32, drops []int32) []int32 {
	if v == 0 {
		return drops
	}
	for _, n := range s.fleet.table.version(v - 1).refs {
		h := s.at(n)
		if h.users--; h.users == 0 {
			drops = append(drops, n)
		}
	}
	return drops
}

// ask subscribes and unsubscribes.
func (s *Sidecar) ask(asks, drops []int32) error {
	var out [kinds]*request
	of := func(k Kind) *request {
		if out[k] == nil {
			out[k] = &request{kind: k}
		}
		return out[k]
	}
	for _, n := range asks {
		if h := s.at(n); h.users > 0 {
			name := s.fleet.table.named(n)
			of(name.kind).subscribe = append(of(name.kind).subscribe, name.name)
			h.lacks = true
			s.missing++
		}
	}
	for _, n := range drops {
		if h := s.at(n); h.users == 0 {
			name := s.fleet.table.named(n)
			of(name.kind).unsubscribe = append(of(name.kind).unsubscribe, name.name)
			if h.version = 0; h.lacks {
				h.lacks = false
				s.missing--
			}
		}
	}
	for _, r := range out {
		if r == nil {
			continue
		}
		if err := s.stream.SendMsg(r.encode()); err != nil {
			return err
		}
	}
	return nil
}

// slow tells whether it takes its time.
func (s *Sidecar) slow() bool { return s.index >= len(s.fleet.sidecars)-int(s.fleet.slow.Load()) }

// check notes when it has all that it asked for.
func (s *Sidecar) check() {
	if s.missing > 0 || !s.got[Cluster] || !s.got[Listener] || (s.scoped && !s.got[ScopedRoute]) {
		return
	}
	for _, name := range s.fleet.options.Secrets {
		if n := s.fleet.table.number(Secret, []byte(name)); s.at(n).version == 0 {
			return
		}
	}
	s.once.Do(func() { close(s.complete) })
}
