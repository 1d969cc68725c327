package xds

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/go-logr/logr"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/internal/identity"
)

// stream is one proxy's connection. One goroutine owns it and all it holds;
// another does nothing but receive.
type stream struct {
	grpc    grpc.ServerStream
	peer    identity.Peer
	member  Member
	secrets Secrets
	metrics *metrics
	clock   clock.Clock
	log     logr.Logger
	cutter  *cutter

	lanes [numTypes]lane
	// want is what the proxy is to run, synced what it was last reported to run.
	want   *Snapshot
	synced *Snapshot
	// behind is since when the proxy does not run what it is to run; zero if it
	// does.
	behind time.Time
	demand map[string]*demanded
	// named counts the names of all lanes, nameBytes what they and the versions
	// that the proxy came with hold.
	named, nameBytes int
	nonce            uint64
	// complaints counts the resources that the proxy refused.
	complaints int

	own secretState
}

// DeltaAggregatedResources serves one proxy until either side ends.
func (s *Server) DeltaAggregatedResources(g discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesServer) (err error) {
	defer func() {
		s.metrics.ended(err)
		if p := recover(); p != nil {
			s.metrics.panics.Inc()
			s.options.Log.Error(fmt.Errorf("panic: %v", p), "stream ended by a defect", "stack", string(debug.Stack()))
			err = status.Error(codes.Internal, "a defect in the control plane ended this stream")
		}
	}()
	ctx := g.Context()
	peer, err := s.introduce(ctx)
	if err != nil {
		return err
	}
	ctx, leave, err := s.admission.enter(ctx, peer.Pod)
	if err != nil {
		return err
	}
	defer func() { leave(err) }()
	member, err := s.options.Fleet.Connect(ctx, peer)
	if err != nil {
		return status.Errorf(codes.Unavailable, "connect pod %s: %v", peer.Pod, err)
	}
	defer member.Close()
	s.metrics.connects.Inc()
	s.metrics.streams.Inc()
	defer s.metrics.streams.Dec()
	st := s.newStream(g, peer, member)
	defer st.close()
	return st.run(ctx, s.stopping)
}

func (s *Server) newStream(g grpc.ServerStream, peer identity.Peer, member Member) *stream {
	st := &stream{
		grpc: g, peer: peer, member: member, secrets: s.options.Secrets, metrics: s.metrics, clock: s.options.Clock,
		log: s.options.Log.WithValues("pod", peer.Pod.String()), cutter: newCutter(g.Context(), s.options.SendTimeout),
	}
	for t := range st.lanes {
		st.lanes[t].typ, st.lanes[t].at = Type(t), emptySet
	}
	return st
}

// introduce finds out whose stream it is, unless too many of its address have
// shown nothing.
func (s *Server) introduce(ctx context.Context) (identity.Peer, error) {
	conn, ok := connOf(ctx)
	if ok && !conn.visit.attempt() {
		return identity.Peer{}, errStranger
	}
	peer, err := s.authenticate(ctx)
	if ok && status.Code(err) != codes.Unauthenticated {
		s.strangers.proven(conn.visit.from) // or nobody can tell
	}
	return peer, err
}

// authenticate finds out whose stream it is by its bearer token.
func (s *Server) authenticate(ctx context.Context) (identity.Peer, error) {
	values := metadata.ValueFromIncomingContext(ctx, "authorization")
	if len(values) != 1 {
		return identity.Peer{}, status.Errorf(codes.Unauthenticated, "%d authorization headers, one is needed", len(values))
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "bearer") || token == "" {
		return identity.Peer{}, status.Error(codes.Unauthenticated, "the authorization header holds no bearer token")
	}
	peer, err := s.options.Authenticator.Authenticate(ctx, strings.TrimSpace(token))
	switch {
	case err == nil:
		return peer, nil
	case errors.Is(err, identity.ErrUnauthenticated):
		s.metrics.ignored(reasonToken)
		return identity.Peer{}, status.Error(codes.Unauthenticated, err.Error())
	}
	return identity.Peer{}, status.Error(codes.Unavailable, err.Error())
}

// run is the stream's own goroutine.
func (s *stream) run(ctx context.Context, stopping <-chan struct{}) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	requests := make(chan *request)
	received := make(chan error, 1)
	go func() {
		err := s.receive(ctx, requests)
		received <- err
		cancel(err)
	}()
	s.look()
	for {
		err := error(nil)
		select {
		case <-ctx.Done():
			if s.grpc.Context().Err() != nil {
				return endOf(<-received) // gRPC may have ended it for a request
			}
			return endOf(context.Cause(ctx))
		case <-stopping:
			return status.Error(codes.Unavailable, "the control plane is shutting down")
		case req := <-requests:
			err = s.request(req)
		case <-s.member.Changed():
			s.look()
			err = s.askAgain()
		case <-s.own.due():
			err = s.renew()
		case <-s.own.changed:
			err = s.secretsChanged()
		}
		if err == nil {
			err = s.advance()
		}
		if err != nil {
			return err
		}
	}
}

// look takes up the snapshot that the proxy is to run now.
func (s *stream) look() {
	s.want = s.member.Snapshot()
	if s.want == nil {
		s.want = NewSnapshot(nil)
	}
	if s.behind.IsZero() && s.want != s.synced {
		s.behind = s.clock.Now()
		s.metrics.behind.Inc()
	}
}

// receive hands requests over until the stream ends.
func (s *stream) receive(ctx context.Context, requests chan<- *request) error {
	for {
		req := &request{}
		if err := s.grpc.RecvMsg(req); err != nil {
			if status.Code(err) == codes.ResourceExhausted {
				return errRequest
			}
			return err
		}
		select {
		case requests <- req:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// endOf is how a stream ends that the proxy has ended.
func endOf(cause error) error {
	if _, ok := status.FromError(cause); ok {
		return cause
	}
	return nil
}

// send sends one response. A proxy that does not take it in time is cut off.
func (s *stream) send(l *lane, upserts batch, removed []string) error {
	if len(l.waiting) >= maxWaiting {
		return errUnanswered
	}
	s.nonce++
	f := newFrame(l.typ, s.nonce, upserts, removed)
	l.waiting = append(l.waiting, &response{nonce: formatNonce(s.nonce), upserts: upserts.resources, removed: removed, sent: s.clock.Now(), keep: f.keep})
	s.metrics.pushed(l.typ, len(upserts.resources)+len(removed), f.data.Len())
	s.metrics.unanswered.Inc()
	start := s.clock.Now()
	s.cutter.begin()
	err := s.grpc.SendMsg(f)
	s.metrics.sent(start, s.clock.Now())
	if s.cutter.end() {
		s.log.Info("proxy did not take a response in time and was cut off", "type", l.typ.String())
		return errSlow
	}
	return err
}

func (s *stream) close() {
	s.own.stop()
	s.cutter.stop()
	for t := range s.lanes {
		s.metrics.unanswered.Sub(float64(len(s.lanes[t].waiting)))
	}
	if !s.behind.IsZero() {
		s.metrics.behind.Dec()
	}
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
