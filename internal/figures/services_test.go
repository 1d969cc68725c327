package figures

import (
	"net/netip"
	"testing"

	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
)

// What a caller's own sidecar refused is told of the Service that was called.
func TestServiceOfAnAddress(t *testing.T) {
	f := newFleet()
	c := f.collector(t)
	web := model.Key{Namespace: "shop", Name: "web"}
	c.o.Services = func(a netip.AddrPort) model.Key {
		if a.Addr() == netip.MustParseAddr("10.0.0.1") || a.Addr() == netip.MustParseAddr("fd00::1") {
			return web
		}
		return model.Key{}
	}
	client := f.pod("other", "client", "1")
	for address, n := range map[string]int{"10.0.0.1:80": 3, "[fd00::1]:80": 4, "10.0.0.9:80": 5} {
		client.count(envoy.FamilyClientDenied, n, envoy.LabelAddress, address)
	}
	c.once(t)
	got := map[model.Key]uint64{}
	rows, _ := c.Rows(0, "")
	for r := range rows {
		got[r.Service] += r.Denied
	}
	if len(got) != 2 || got[web] != 7 || got[model.Key{}] != 5 {
		t.Errorf("%v", got)
	}
	if rows, _ := c.Rows(0, "shop"); len(all(rows)) != 1 {
		t.Errorf("%d rows touch the Service's namespace, want 1", len(all(rows)))
	}
}
