package xds

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/weft-mesh/weft/internal/identity"
)

// dialled is a connection that says nothing.
func (w *world) dialled() net.Conn {
	w.t.Helper()
	c, err := net.Dial("tcp", w.addr)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	return c
}

// An address whose connections come to nothing gets no more handshakes for a
// while, and one whose proxies prove who they are any number.
func TestStrangersAreBounded(t *testing.T) {
	w := newWorld(t, snap("a", "", "", "", "out"), func(o *Options) { o.strangers = 3 })
	for i := range 6 {
		p := w.connect(fmt.Sprintf("shop/web-%d/web", i))
		p.subscribe(Cluster)
		p.expectACK("CDS +a")
	}
	for range 3 {
		w.dialled().Read(make([]byte, 1))
	}
	// The server's greeting is what a connection that is taken hears first.
	c := w.dialled()
	c.SetReadDeadline(time.Now().Add(guard))
	if n, err := c.Read(make([]byte, 1)); n > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("heard %d bytes, %v", n, err)
	}
	w.clock.Step(strangerInterval)
	p := w.connect("shop/late/web")
	p.subscribe(Cluster)
	p.expectACK("CDS +a")
}

// reviews counts how often somebody is asked about a token, and knows none.
type reviews struct{ n atomic.Int32 }

func (r *reviews) Authenticate(_ context.Context, token string) (identity.Peer, error) {
	r.n.Add(1)
	return identity.Peer{}, fmt.Errorf("%w: %q", identity.ErrUnauthenticated, token)
}

// Tokens that prove nothing are not asked about for ever, also on one connection.
func TestTokensThatProveNothingAreBounded(t *testing.T) {
	asked := &reviews{}
	w := newWorld(t, snap("a", "", "", "", "out"), func(o *Options) { o.strangers, o.Authenticator = 3, asked })
	p := w.dial("nobody")
	client := discoveryv3.NewAggregatedDiscoveryServiceClient(p.conn)
	ends := []codes.Code{status.Code(<-p.failed)}
	for i := range 4 {
		stream, err := client.DeltaAggregatedResources(metadata.AppendToOutgoingContext(t.Context(), "authorization", fmt.Sprint("Bearer nobody-", i)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = stream.Recv()
		ends = append(ends, status.Code(err))
	}
	if want := []codes.Code{codes.Unauthenticated, codes.Unauthenticated, codes.Unauthenticated, codes.ResourceExhausted, codes.ResourceExhausted}; !slices.Equal(ends, want) || asked.n.Load() != 3 {
		t.Errorf("%d tokens were asked about, ended with %v, want %v", asked.n.Load(), ends, want)
	}
}

func TestStrangersOfMoreAddressesThanAreToldApart(t *testing.T) {
	refused := 0
	s := newStrangers(clocktesting.NewFakePassiveClock(time.Now()), 1, func() { refused++ })
	a := netip.MustParseAddr("fd00::1")
	for range maxSources + 1 {
		if !s.enter(a) {
			t.Fatalf("%s was refused", a)
		}
		a = a.Next()
	}
	if s.enter(a) || refused != 1 || len(s.free) > maxSources+1 {
		t.Errorf("%d addresses are told apart, %d refused", len(s.free), refused)
	}
}
