package xds

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/internal/identity"
)

// Options are what a Server needs. Fleet, Authenticator and Secrets must be
// there; the rest has defaults.
type Options struct {
	Fleet         Fleet
	Authenticator identity.Authenticator
	Secrets       Secrets
	// TLS is the server's side of the connections; nil means plaintext, which is
	// for tests alone.
	TLS *tls.Config
	// Clock is for certificates and durations.
	Clock      clock.Clock
	Log        logr.Logger
	Registerer prometheus.Registerer

	// MaxConnectionAge makes proxies connect anew, with a fresh token. It varies
	// by a tenth and has to stay below the token's life.
	MaxConnectionAge time.Duration
	// SendTimeout is how long a proxy may take to accept a response.
	SendTimeout time.Duration
	// ShutdownTimeout is how long streams may take to end.
	ShutdownTimeout time.Duration

	// strangers are the attempts that an address has; tests lower it.
	strangers int
	// grace is how long a stream goes on after its connection's age; tests
	// shorten it.
	grace time.Duration
}

const (
	defaultConnectionAge   = 27 * time.Minute
	defaultGrace           = 5 * time.Second
	defaultSendTimeout     = 20 * time.Second
	defaultShutdownTimeout = 5 * time.Second
	keepaliveTime          = 30 * time.Second
	keepaliveTimeout       = 10 * time.Second
	// idleTimeout ends connections that show no token: no stream, no cost.
	idleTimeout = time.Minute

	// maxStreams is per connection: a proxy has one, and one more while it
	// reconnects.
	maxStreams = 4
	// maxRequest holds the versions of a large proxy that connects anew: 40,000 of
	// a type.
	maxRequest = 4 << 20
	maxHeader  = 32 << 10
	readBuffer = 2 << 10
	// writeBuffer is what one write to the network may hold.
	writeBuffer = 32 << 10
	// receiveWindow is how much of its requests a proxy may send ahead.
	receiveWindow = 256 << 10
)

// Server is the aggregated discovery service, in its delta form.
type Server struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer

	options   Options
	metrics   *metrics
	admission *admission
	strangers *strangers
	stopping  chan struct{}
	stop      sync.Once
}

// New makes a server.
func New(o Options) (*Server, error) {
	if o.Fleet == nil || o.Authenticator == nil || o.Secrets == nil {
		return nil, errors.New("xDS server: Fleet, Authenticator and Secrets are needed")
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	if o.Log.GetSink() == nil {
		o.Log = logr.Discard()
	}
	setDefault(&o.MaxConnectionAge, defaultConnectionAge)
	setDefault(&o.SendTimeout, defaultSendTimeout)
	setDefault(&o.ShutdownTimeout, defaultShutdownTimeout)
	setDefault(&o.grace, defaultGrace)
	if o.strangers == 0 {
		o.strangers = maxStrangers
	}
	m, err := newMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	return &Server{
		options: o, metrics: m, admission: newAdmission(o.Clock, m.delayed), stopping: make(chan struct{}),
		strangers: newStrangers(o.Clock, o.strangers, m.cut.WithLabelValues("stranger").Inc),
	}, nil
}

func setDefault(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

// Serve serves until ctx ends, then ends all streams, so that proxies go to
// another replica. It closes the listener. A server serves once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	g := grpc.NewServer(s.grpcOptions()...)
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(g, s)
	ended := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-ctx.Done():
			s.shutDown(g)
		case <-ended:
		}
	}()
	err := g.Serve(l)
	close(ended)
	<-done
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("serve xDS on %s: %w", l.Addr(), err)
	}
	return nil
}

func (s *Server) shutDown(g *grpc.Server) {
	s.stop.Do(func() { close(s.stopping) })
	hard := time.AfterFunc(s.options.ShutdownTimeout, g.Stop)
	defer hard.Stop()
	g.GracefulStop()
}

func (s *Server) grpcOptions() []grpc.ServerOption {
	transport := insecure.NewCredentials()
	if s.options.TLS != nil {
		config := s.options.TLS.Clone()
		// What a proxy that connects is sent is large: small records would only cost.
		config.DynamicRecordSizingDisabled = true
		transport = credentials.NewTLS(config)
	}
	return []grpc.ServerOption{
		grpc.Creds(connCredentials{transport, s.strangers}),
		grpc.ForceServerCodecV2(newCodec()),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionAge: s.options.MaxConnectionAge, MaxConnectionAgeGrace: s.options.grace,
			MaxConnectionIdle: idleTimeout, Time: keepaliveTime, Timeout: keepaliveTimeout,
		}),
		// Envoy's own pings come every ten seconds, with and without streams.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.MaxRecvMsgSize(maxRequest),
		grpc.MaxHeaderListSize(maxHeader),
		grpc.ConnectionTimeout(15 * time.Second),
		// A proxy is idle nearly always: large buffers of its own would be most of
		// its cost. Those to write with are shared.
		grpc.ReadBufferSize(readBuffer),
		grpc.WriteBufferSize(writeBuffer),
		// Fixed windows spare a ping with each request, which would find them.
		grpc.InitialWindowSize(receiveWindow),
		grpc.InitialConnWindowSize(receiveWindow),
	}
}

// StreamAggregatedResources is the form of the protocol that is not served.
func (s *Server) StreamAggregatedResources(discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer) error {
	return status.Error(codes.Unimplemented, "weft speaks the delta protocol alone: set api_type to DELTA_GRPC")
}
