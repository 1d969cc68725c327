package xds

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/internal/identity"
)

// sink is a stream that takes everything and says nothing.
type sink struct {
	grpc.ServerStream
}

func (sink) SendMsg(any) error        { return nil }
func (sink) Context() context.Context { return context.Background() }

// lone makes a stream without a network.
func lone(t testing.TB, s *Snapshot) (*stream, *fakeFleet) {
	t.Helper()
	a := &identity.Authority{}
	clk := clock.RealClock{}
	a.Set(newCA(t, clk))
	issuer, err := NewIssuer(IssuerOptions{Authority: a})
	if err != nil {
		t.Fatal(err)
	}
	fleet := newFakeFleet(s)
	server, err := New(Options{Fleet: fleet, Authenticator: fakeAuth{}, Secrets: issuer, Log: logr.Discard(), Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	peer, err := fakeAuth{}.Authenticate(context.Background(), "shop/web-1/web")
	if err != nil {
		t.Fatal(err)
	}
	m, err := fleet.Connect(context.Background(), peer)
	if err != nil {
		t.Fatal(err)
	}
	st := server.newStream(sink{}, peer, m)
	st.look()
	return st, fleet
}

// FuzzRequests sends any sequence of requests, of which each takes three bytes,
// between any snapshots.
func FuzzRequests(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 2, 0, 4, 0, 0, 4, 2, 0, 9, 1, 0})
	f.Add([]byte{0, 7, 1, 1, 6, 3, 0, 3, 0, 9, 2, 0, 0, 3, 0, 2, 4, 4, 1, 5, 3})
	f.Add([]byte{3, 6, 9, 3, 3, 1, 3, 2, 1, 9, 0, 0, 5, 0, 8, 5, 2, 0, 5, 4, 8})
	names := []string{"a", "b", "a#1", "b#1", "in", "s1", wildcard, direct, WorkloadSecret, "", "nobody"}
	snapshots := []*Snapshot{
		snap("a b", "a#1 b#1", "in", "s1", "out"), snap("a=2", "a#1", "in=2", "s1=2 s2", "out"), snap("", "", "", "", ""),
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, fleet := lone(t, snapshots[0])
		for ; len(data) >= 3; data = data[3:] {
			typ, op, name := data[0]%10, data[1]%8, names[int(data[2])%len(names)]
			if typ >= byte(numTypes) {
				fleet.snapshot = snapshots[int(data[1])%len(snapshots)]
				fleet.demand[direct] = get(Cluster, fmt.Sprintf("%s=%d", direct, op))
				s.look()
				if err := s.askAgain(); err != nil {
					t.Fatal(err)
				}
			} else if err := s.request(fuzzed(s, Type(typ), op, name)); err != nil {
				t.Fatal(err)
			}
			if err := s.advance(); err != nil {
				t.Fatal(err)
			}
			consistent(t, s)
		}
	})
}

func fuzzed(s *stream, typ Type, op byte, name string) *request {
	req := &request{typeURL: typ.URL()}
	switch op {
	case 1:
		req.unsubscribe = []string{name}
	case 2, 3:
		req.nonce = name
		if waiting := s.lanes[typ].waiting; len(waiting) > 0 {
			req.nonce = waiting[len(waiting)-1].nonce
		}
		if op == 3 {
			req.refused, req.complaint = true, "bad"
		}
	case 4:
		req.subscribe, req.unsubscribe = []string{name}, []string{name}
	case 5:
		req.held = map[string]string{name: "old", "gone": ""}
	case 6:
		req.held = map[string]string{name: ""}
		req.subscribe = []string{name, name}
	case 7:
		req.subscribe = s.want.Set(typ).Names()
	default:
		req.subscribe = []string{name}
	}
	return req
}

// consistent checks what has to hold between two events.
func consistent(t *testing.T, s *stream) {
	t.Helper()
	named := 0
	for i := range s.lanes {
		l := &s.lanes[i]
		if l.typ != Secret {
			named += l.names.len()
		}
		if l.names.base != nil && l.names.base != l.at && l.at != emptySet {
			t.Fatalf("%v: the names are of another set than the proxy is at", l.typ)
		}
		for name := range l.doomed {
			if l.at.Get(name) != nil {
				t.Fatalf("%v: %s is to be removed and is there", l.typ, name)
			}
		}
		for name, r := range l.rejected {
			if l.typ != Secret && s.current(l, name) != r {
				t.Fatalf("%v: %s counts as refused and is not what was sent", l.typ, name)
			}
		}
	}
	if named != s.named {
		t.Fatalf("%d names, counted %d", named, s.named)
	}
}

func TestNames(t *testing.T) {
	one, two := set(Endpoint, "a", "b", "c"), set(Endpoint, "b=2", "c", "d")
	var n names
	for _, name := range []string{"a", "b", "c", "x"} {
		if !n.add(name) || n.add(name) {
			t.Errorf("add %s", name)
		}
	}
	check := func(want ...string) {
		t.Helper()
		if n.len() != len(want) {
			t.Errorf("%d names, want %v", n.len(), want)
		}
		for _, name := range want {
			if !n.has(name) {
				t.Errorf("%s is missing", name)
			}
		}
	}
	if !n.covers(one) || n.base != one || len(n.plus) != 1 {
		t.Errorf("%v does not stand on its set", n)
	}
	check("a", "b", "c", "x")
	n.moved(two.since(one), two)
	check("a", "b", "c", "x")
	if n.covers(two) || n.has("d") {
		t.Error("d was never asked for")
	}
	n.add("d")
	if !n.covers(two) {
		t.Error("all were asked for")
	}
	if !n.drop("b") || n.drop("b") || !n.drop("x") || n.drop("y") {
		t.Error("drop")
	}
	check("a", "c", "d")
	n.moved(one.since(two), one)
	check("a", "c", "d")
	n.flatten()
	check("a", "c", "d")
	if n.base != nil {
		t.Error("not flat")
	}
}

// Who asks for all that there is gets it as if asked for one by one, also where
// that changes before it is answered.
func TestAskingForAll(t *testing.T) {
	first := snap("a b", "a#1 b#1", "", "", "out")
	for _, c := range []struct {
		name, asked, then, sent string
	}{
		{"all", "a#1 b#1", "a#1 b#1", "+a#1 +b#1"},
		{"in any order", "b#1 a#1", "a#1 b#1", "+a#1 +b#1"},
		{"one twice", "a#1 a#1", "a#1 b#1", "+a#1"},
		{"others", "a#1 c#1", "a#1 b#1", "+a#1 -c#1"},
		{"some", "a#1", "a#1 b#1", "+a#1"},
		{"one is new", "a#1 b#1", "a#1 b#1 c#1", "+a#1 +b#1"},
		{"one is another", "a#1 b#1", "a#1 b#1=2", "+a#1 +b#1"},
		{"one is gone", "a#1 b#1", "b#1", "+b#1 -a#1"},
		{"all are gone", "a#1 b#1", "", "-a#1 -b#1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, fleet := lone(t, first)
			l := &s.lanes[Endpoint]
			if err := s.request(&request{typeURL: Endpoint.URL(), subscribe: strings.Fields(c.asked)}); err != nil {
				t.Fatal(err)
			}
			fleet.snapshot = snap("a b", c.then, "", "", "out")
			s.look()
			if err := s.advance(); err != nil {
				t.Fatal(err)
			}
			consistent(t, s)
			var sent []string
			for _, w := range l.waiting {
				for _, r := range w.upserts {
					sent = append(sent, "+"+r.Name)
				}
				for _, name := range slices.Sorted(slices.Values(w.removed)) {
					sent = append(sent, "-"+name)
				}
			}
			if got := strings.Join(sent, " "); got != c.sent {
				t.Errorf("sent %s, want %s", got, c.sent)
			}
			for _, name := range strings.Fields(c.asked) {
				if !l.wants(name) {
					t.Errorf("%s is not asked for any more", name)
				}
			}
		})
	}
}

func TestDiffIsMadeOnce(t *testing.T) {
	from, to := set(Cluster, "a", "b", "c"), set(Cluster, "a", "b=2", "d")
	d := to.since(from)
	if d != to.since(from) {
		t.Error("made twice")
	}
	if len(d.upserts) != 2 || d.upserts[0].Name != "b" || d.upserts[1].Name != "d" || len(d.removed) != 1 || d.removed[0].Name != "c" {
		t.Errorf("%v", d)
	}
	for range 3 * maxDiffs { // older ways are forgotten, not mixed up
		if d := to.since(NewSet()); len(d.upserts) != 3 || len(d.removed) != 0 {
			t.Errorf("%v", d)
		}
	}
}
