package resolve

import (
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

// TestPortsOfSeveralServices: what a port speaks does not depend on the order in
// which its Services are found.
//
// Trap 32: HTTP beside TCP is both; HTTP/2 beside HTTP/1.1 is HTTP/2.
func TestPortsOfSeveralServices(t *testing.T) {
	const tcp, http, http2 = model.ProtocolTCP, model.ProtocolHTTP, model.ProtocolHTTP2
	port := func(p model.Protocol, too bool) ShapePort { return ShapePort{Number: 80, Protocol: p, TCPToo: too} }
	tests := map[string]struct {
		spoken []model.Protocol
		want   ShapePort
	}{
		"one alone":           {[]model.Protocol{http}, port(http, false)},
		"the same twice":      {[]model.Protocol{tcp, tcp}, port(tcp, false)},
		"HTTP and TCP":        {[]model.Protocol{http, tcp, tcp}, port(http, true)},
		"HTTP/2 and TCP":      {[]model.Protocol{tcp, http2}, port(http2, true)},
		"HTTP/1.1 and HTTP/2": {[]model.Protocol{http, http2, http}, port(http2, false)},
		"all of them":         {[]model.Protocol{http, tcp, http2}, port(http2, true)},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			permute(tc.spoken, func(order []model.Protocol) {
				got := port(order[0], false)
				for _, p := range order[1:] {
					got = alsoSpoken(got, port(p, false))
				}
				if got != tc.want {
					t.Errorf("%v: got %+v, want %+v", order, got, tc.want)
				}
			})
		})
	}
}

// permute calls with every order of a list.
func permute[T any](of []T, do func([]T)) {
	if len(of) < 2 {
		do(of)
		return
	}
	for i := range of {
		rest := append(append([]T{}, of[:i]...), of[i+1:]...)
		permute(rest, func(order []T) { do(append([]T{of[i]}, order...)) })
	}
}
