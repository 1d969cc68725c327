package model

import (
	"net/netip"
	"testing"
)

func TestUDPBind(t *testing.T) {
	for to, want := range map[string]string{
		"10.96.0.10:53":       "127.96.0.10:16437",
		"198.19.128.53:5353":  "127.19.128.53:21737",
		"255.255.255.255:0":   "127.255.255.255:16384",
		"10.96.0.1:65535":     "127.96.0.1:32767",
		"[fd00:10::a]:53":     "[fd6d:6573:6800::a]:16437",
		"[fd00::1:2:3:4]:514": "[fd6d:6573:6800::1:2:3:4]:16898",
	} {
		got := UDPBind(netip.MustParseAddrPort(to))
		if got != netip.MustParseAddrPort(want) {
			t.Errorf("%s: got %s, want %s", to, got, want)
		}
		if a := got.Addr(); !a.IsLoopback() && !UDPPrefix6.Contains(a) || got.Port() < 16384 || got.Port() > 32767 {
			t.Errorf("%s: %s is not the pod's own", to, got)
		}
	}
}
