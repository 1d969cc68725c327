package envoy

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/translators/model"
)

// TestTheSidecarsOwnPortIsNobodys: a Service that names it as its pods' port
// changes nothing of that.
func TestTheSidecarsOwnPortIsNobodys(t *testing.T) {
	l, err := BuildInboundListener(model.Inbound{TrustDomain: "td", Ports: []model.InboundPort{
		{Port: InboundPort, Protocol: model.ProtocolHTTP, Policy: model.Policy{AllowAll: true}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	ports := l.GetFilterChainMatcher().GetMatcherTree().GetExactMatchMap().GetMap()
	if got := ports[portText(InboundPort)]; !proto.Equal(got, chainName(closedChainName)) {
		t.Errorf("it is led to %v", got)
	}
}
