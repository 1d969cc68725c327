package tests

import (
	"context"
	"fmt"
	"strings"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

// elsewhere are the endpoints of a Service without a selector: an address of a family.
const elsewhere = `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: elsewhere, labels: {kubernetes.io/service-name: elsewhere}}
addressType: %s
ports: [{name: "{{.Ports.HTTPName}}", port: 8080, protocol: TCP}]
endpoints: [{addresses: [%q]}]
`

func init() {
	suite.Register(suite.Test{
		Name:          "split-backend-outside",
		Description:   "A backend without a selector, whose server is not in the mesh and speaks HTTP/1.1 alone, has its share beside one of the mesh",
		Features:      []features.Name{features.SplitBackendOutside},
		Manifests:     "split-backend-outside.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			address, family := e.PodIP(ctx, e.Outside, "web-v1"), "IPv4"
			if strings.Contains(address, ":") {
				family = "IPv6"
			}
			e.Apply(ctx, fmt.Sprintf(elsewhere, family, address))
			steady(ctx, e, e.ClientA(), root(e), "web-v2", e.Outside+"/web-v1")
		},
	})
}
