package engine

import (
	"errors"
	"testing"

	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
)

// TestClassesAlikeShareTheirOwnSide: callers are in routes, so pods of two
// ServiceAccounts run one listener, that is built once; until one of them is
// otherwise.
func TestClassesAlikeShareTheirOwnSide(t *testing.T) {
	m := newBigMesh(t, 20, 20, model.AccessEnforcing)
	of := func(i int) *xds.Snapshot { return m.members[i].Snapshot() }
	inbound := func(i int) *xds.Resource { return of(i).Set(xds.Listener).Get(envoy.InboundListenerName) }
	if inbound(0) == nil || inbound(0) != inbound(1) || of(0).Set(xds.Cluster).Get(envoy.InboundTCPCluster) != of(1).Set(xds.Cluster).Get(envoy.InboundTCPCluster) {
		t.Error("two classes that are alike have two of each")
	}
	if a, b := of(0).Set(xds.Route).Get(envoy.InboundRouteName(8080)), of(1).Set(xds.Route).Get(envoy.InboundRouteName(8080)); a == nil || b == nil || a.Version == b.Version {
		t.Error("two classes with other callers let in the same")
	}
	m.Put(&model.PortRoute{Kind: model.KindTCPRoute, Key: m.key(0, "tcp"), Ports: []uint16{9000}})
	m.Put(&model.Target{
		Key: m.key(0, "tcp"), Destination: m.identity(0), Sources: []model.Identity{m.identity(1)},
		Rules: []model.TargetRule{{Kind: model.KindTCPRoute, Name: "tcp"}},
	})
	m.settle()
	if inbound(0) == inbound(1) || inbound(1) != inbound(2) {
		t.Error("a port of one class is not its own")
	}
}

func TestRecentIsBounded(t *testing.T) {
	var r recent[[]int, int]
	made := 0
	of := func(n int) int {
		got, err := r.of(&[]int{n}, func() (int, error) { made++; return n, nil })
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for n := range 3 * maxRecent {
		if of(0) != 0 || of(n) != n || of(0) != 0 || of(n) != n {
			t.Fatal("what was made of another view")
		}
	}
	if made != 3*maxRecent || len(r.known) != maxRecent {
		t.Errorf("%d were made, %d are known: the one that is asked for again and again is to stay", made, len(r.known))
	}
	refuse := errors.New("no")
	for range 2 {
		if _, err := r.of(&[]int{-1}, func() (int, error) { made++; return 0, refuse }); !errors.Is(err, refuse) {
			t.Error(err)
		}
	}
	if made != 3*maxRecent+2 {
		t.Error("what could not be made is remembered")
	}
}
