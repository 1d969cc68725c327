package xds

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/translators/model"
)

// guard ends a test that hangs; no test passes or fails by it otherwise.
const guard = 30 * time.Second

// fakeFleet is the engine's edge: one class, all proxies share its snapshot.
type fakeFleet struct {
	mu       sync.Mutex
	snapshot *Snapshot
	demand   map[string]*Resource
	members  map[*fakeMember]bool
	closed   int
	joined   chan *fakeMember
}

func newFakeFleet(s *Snapshot) *fakeFleet {
	return &fakeFleet{snapshot: s, demand: map[string]*Resource{}, members: map[*fakeMember]bool{}, joined: make(chan *fakeMember, 4096)}
}

func (f *fakeFleet) Connect(_ context.Context, peer identity.Peer) (Member, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := &fakeMember{fleet: f, peer: peer, changed: make(chan struct{}, 1), looked: make(chan *Snapshot, 256), synced: make(chan *Snapshot, 4096), rejected: make(chan string, 256), forgot: make(chan string, 256), gone: make(chan struct{})}
	f.members[m] = true
	f.joined <- m
	return m, nil
}

// publish puts a snapshot in force.
func (f *fakeFleet) publish(s *Snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.snapshot = s
	for m := range f.members {
		m.signal()
	}
}

func (f *fakeFleet) resolve(name string, r *Resource) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.demand[name] = r
	for m := range f.members {
		m.signal()
	}
}

type fakeMember struct {
	fleet    *fakeFleet
	peer     identity.Peer
	changed  chan struct{}
	looked   chan *Snapshot
	synced   chan *Snapshot
	rejected chan string
	forgot   chan string
	gone     chan struct{}
}

func (m *fakeMember) signal() {
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

func (m *fakeMember) Changed() <-chan struct{} { return m.changed }

func (m *fakeMember) Snapshot() *Snapshot {
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	select {
	case m.looked <- m.fleet.snapshot:
	default:
	}
	return m.fleet.snapshot
}

func (m *fakeMember) OnDemand(name string) *Resource {
	if name == "panic" {
		panic("a defect")
	}
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	return m.fleet.demand[name]
}

func (m *fakeMember) Forget(name string) { m.forgot <- name }

func (m *fakeMember) Synced(s *Snapshot) {
	select {
	case m.synced <- s:
	default:
	}
}

func (m *fakeMember) Rejected(t Type, r *Resource, message string) {
	m.rejected <- t.String() + " " + r.Name + ": " + message
}

func (m *fakeMember) Close() {
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	delete(m.fleet.members, m)
	m.fleet.closed++
	close(m.gone)
}

// fakeAuth takes the token "namespace/pod/account".
type fakeAuth struct{}

func (fakeAuth) Authenticate(_ context.Context, token string) (identity.Peer, error) {
	parts := strings.Split(token, "/")
	switch {
	case token == "down":
		return identity.Peer{}, fmt.Errorf("the API server is away")
	case len(parts) != 3:
		return identity.Peer{}, fmt.Errorf("%w: %q", identity.ErrUnauthenticated, token)
	}
	return identity.Peer{
		Pod: model.Key{Namespace: parts[0], Name: parts[1]}, PodUID: "uid-" + parts[1],
		ServiceAccount: model.Identity{Namespace: parts[0], Name: parts[2]},
	}, nil
}

// world is a server with all that is around it.
type world struct {
	t         testing.TB
	fleet     *fakeFleet
	clock     *clocktesting.FakeClock
	authority *identity.Authority
	server    *Server
	addr      string
	stop      func()
}

func newWorld(t testing.TB, s *Snapshot, change ...func(*Options)) *world {
	t.Helper()
	clk := clocktesting.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	w := newWorldAt(t, s, clk, change...)
	w.clock = clk
	return w
}

// newWorldAt makes a world with a clock of any kind.
func newWorldAt(t testing.TB, s *Snapshot, clk clock.Clock, change ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, fleet: newFakeFleet(s), authority: &identity.Authority{}}
	w.authority.Set(newCA(t, clk))
	issuer, err := NewIssuer(IssuerOptions{Authority: w.authority, Clock: clk, WorkloadOf: func(identity.Peer) model.Workload { return model.Workload{Kind: "deployments", Name: "web"} }})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Fleet: w.fleet, Authenticator: fakeAuth{}, Secrets: issuer, Clock: clk}
	for _, c := range change {
		c(&o)
	}
	w.serve("127.0.0.1:0", o)
	return w
}

// serve starts the server, the first or the next.
func (w *world) serve(addr string, o Options) {
	t := w.t
	t.Helper()
	var err error
	if w.server, err = New(o); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	w.addr = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	server := w.server
	go func() { done <- server.Serve(ctx, l) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(w.stop)
}

func newCA(t testing.TB, clk clock.PassiveClock) *identity.CA {
	t.Helper()
	m, err := identity.NewRoot("td.local", clk)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := identity.Load("td.local", m, clk)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// proxy is a delta client, one step at a time.
type proxy struct {
	t        testing.TB
	conn     *grpc.ClientConn
	stream   discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesClient
	member   *fakeMember
	state    [numTypes]map[string]string
	got      chan *discoveryv3.DeltaDiscoveryResponse
	failed   chan error
	barriers int
	bytes    int
}

// dial opens a stream without waiting for anything.
func (w *world) dial(token string) *proxy {
	w.t.Helper()
	conn, err := grpc.NewClient(w.addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*guard)
	if token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	p := &proxy{t: w.t, conn: conn, stream: stream, got: make(chan *discoveryv3.DeltaDiscoveryResponse, 4096), failed: make(chan error, 1)}
	for t := range p.state {
		p.state[t] = map[string]string{}
	}
	w.t.Cleanup(func() { cancel(); conn.Close() })
	go func() {
		for {
			resp, err := stream.Recv()
			if err != nil {
				p.failed <- err
				return
			}
			p.got <- resp
		}
	}()
	return p
}

// connect opens a stream and waits until it is a member.
func (w *world) connect(token string) *proxy {
	w.t.Helper()
	p := w.dial(token)
	select {
	case p.member = <-w.fleet.joined:
	case err := <-p.failed:
		w.t.Fatal(err)
	case <-time.After(guard):
		w.t.Fatal("no member")
	}
	return p
}

func (p *proxy) send(req *discoveryv3.DeltaDiscoveryRequest) {
	p.t.Helper()
	if err := p.stream.Send(req); err != nil {
		p.t.Fatal(err)
	}
}

func (p *proxy) subscribe(t Type, names ...string) {
	p.t.Helper()
	p.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: t.URL(), ResourceNamesSubscribe: names})
}

func (p *proxy) unsubscribe(t Type, names ...string) {
	p.t.Helper()
	p.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: t.URL(), ResourceNamesUnsubscribe: names})
}

func (p *proxy) resume(t Type, versions map[string]string, names ...string) {
	p.t.Helper()
	p.state[t] = versions
	p.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: t.URL(), ResourceNamesSubscribe: names, InitialResourceVersions: versions})
}

func (p *proxy) ack(r *discoveryv3.DeltaDiscoveryResponse) {
	p.t.Helper()
	t, _ := TypeOf(r.GetTypeUrl())
	for _, res := range r.GetResources() {
		p.state[t][res.GetName()] = res.GetVersion()
	}
	for _, name := range r.GetRemovedResources() {
		delete(p.state[t], name)
	}
	p.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: r.GetTypeUrl(), ResponseNonce: r.GetNonce()})
}

func (p *proxy) nack(r *discoveryv3.DeltaDiscoveryResponse, message string) {
	p.t.Helper()
	p.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: r.GetTypeUrl(), ResponseNonce: r.GetNonce(), ErrorDetail: &rpcstatus.Status{Code: 3, Message: message}})
}

// next is the next response.
func (p *proxy) next() *discoveryv3.DeltaDiscoveryResponse {
	p.t.Helper()
	select {
	case r := <-p.got:
		p.bytes += proto.Size(r)
		return r
	case err := <-p.failed:
		p.t.Fatalf("stream ended: %v", err)
	case <-time.After(guard):
		p.t.Fatal("no response")
	}
	return nil
}

// expect is the next response, which has to be this one: "CDS +a +b -c".
func (p *proxy) expect(want string) *discoveryv3.DeltaDiscoveryResponse {
	p.t.Helper()
	r := p.next()
	if got := brief(r); got != want {
		p.t.Fatalf("got %q, want %q", got, want)
	}
	return r
}

func (p *proxy) expectACK(want string) {
	p.t.Helper()
	p.ack(p.expect(want))
}

// quiet makes sure that nothing has been sent: the answer to a question of now
// is the next response.
func (p *proxy) quiet() {
	p.t.Helper()
	p.barriers++
	name := fmt.Sprintf("barrier-%d", p.barriers)
	p.subscribe(Secret, name)
	p.expectACK("SDS -" + name)
}

// publish puts a snapshot in force and waits until this proxy's stream has it.
func (w *world) publish(p *proxy, s *Snapshot) {
	w.t.Helper()
	for len(p.member.looked) > 0 {
		<-p.member.looked
	}
	w.fleet.publish(s)
	await(w.t, p.member.looked, func(got *Snapshot) bool { return got == s })
}

func (p *proxy) awaitSynced(s *Snapshot) {
	p.t.Helper()
	await(p.t, p.member.synced, func(got *Snapshot) bool { return got == s })
}

func (p *proxy) notSynced() {
	p.t.Helper()
	p.quiet()
	if len(p.member.synced) > 0 {
		p.t.Fatal("reported as synced")
	}
}

func await[T any](t testing.TB, c <-chan T, ok func(T) bool) {
	t.Helper()
	deadline := time.After(guard)
	for {
		select {
		case v := <-c:
			if ok(v) {
				return
			}
		case <-deadline:
			t.Fatal("it did not happen")
		}
	}
}

// brief is a response in few words.
func brief(r *discoveryv3.DeltaDiscoveryResponse) string {
	t, _ := TypeOf(r.GetTypeUrl())
	words := []string{t.String()}
	for _, res := range r.GetResources() {
		words = append(words, "+"+res.GetName())
	}
	removed := slices.Sorted(slices.Values(r.GetRemovedResources()))
	for _, name := range removed {
		words = append(words, "-"+name)
	}
	return strings.Join(words, " ")
}

// res makes a resource of a type; variant changes its bytes.
func res(t Type, name string, variant int) *Resource {
	alt := fmt.Sprintf("v%d", variant)
	var m proto.Message
	switch t {
	case Cluster:
		m = &clusterv3.Cluster{Name: name, AltStatName: alt}
	case Endpoint:
		m = &endpointv3.ClusterLoadAssignment{ClusterName: name, Endpoints: []*endpointv3.LocalityLbEndpoints{{Priority: uint32(variant)}}}
	case Route:
		m = &routev3.RouteConfiguration{Name: name, InternalOnlyHeaders: []string{alt}}
	case ScopedRoute:
		m = &routev3.ScopedRouteConfiguration{Name: name, RouteConfigurationName: alt}
	default:
		m = &listenerv3.Listener{Name: name, StatPrefix: alt}
	}
	r, err := NewResource(name, m)
	if err != nil {
		panic(err)
	}
	return r
}

// set makes a set of "name" or "name=variant".
func set(t Type, names ...string) *Set {
	var rs []*Resource
	for _, n := range names {
		rs = append(rs, get(t, n))
	}
	return NewSet(rs...)
}

var (
	internMu sync.Mutex
	interned = map[string]*Resource{}
)

// get gives the same pointer for the same words, as the engine would.
func get(t Type, word string) *Resource {
	internMu.Lock()
	defer internMu.Unlock()
	key := t.String() + word
	if interned[key] == nil {
		name, v, _ := strings.Cut(word, "=")
		variant := 0
		_, _ = fmt.Sscan(v, &variant)
		interned[key] = res(t, name, variant)
	}
	return interned[key]
}

// snap makes a snapshot of words by type.
func snap(cds, eds, rds, srds, lds string) *Snapshot {
	f := strings.Fields
	return NewSnapshot(map[Type]*Set{
		Cluster: set(Cluster, f(cds)...), Endpoint: set(Endpoint, f(eds)...), Route: set(Route, f(rds)...),
		ScopedRoute: set(ScopedRoute, f(srds)...), Listener: set(Listener, f(lds)...),
	})
}
