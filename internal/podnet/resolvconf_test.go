package podnet

import (
	"net/netip"
	"slices"
	"testing"
)

func TestNameservers(t *testing.T) {
	for text, want := range map[string][]netip.Addr{
		"": nil,
		"search a.b\nnameserver 10.96.0.10\noptions ndots:5\n":               {netip.MustParseAddr("10.96.0.10")},
		"nameserver ::ffff:10.0.0.1\nnameserver fe80::1%eth0\tx\nnameserver": {netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("fe80::1")},
		"nameserver\t10.0.0.2 # two\n nameserver 10.0.0.1\r\nnameserver 10.0.0.2\nnameserver x\n#nameserver 10.0.0.3": {
			netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"),
		},
	} {
		if got := Nameservers(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestClusterDomain(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"search weft-system.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n": "cluster.local",
		"search weft-system.svc.corp.example. svc.corp.example. corp.example. example.\n":                                "corp.example",
		"search corp.example example\nnameserver 192.0.2.1\n":                                                            "",
		"search svc.a\nsearch b\n": "",
		"search\n":                 "",
	} {
		if got := ClusterDomain(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
