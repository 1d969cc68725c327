package tests

import (
	"context"
	"fmt"
	"net"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-unnamed-port",
		Description: "A port of a pod that no Service has is denied as any other, to sources of another port, to others of the mesh, and to strangers",
		Features: []features.Name{
			features.AccessDeniedByDefaultTCP, features.AccessEnforcedAtServer,
		},
		Manifests: "access-unnamed-port.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			unnamed := actors.Call{Protocol: actors.TCP, Address: net.JoinHostPort(e.PodIP(ctx, e.Main, "web-v1"), fmt.Sprint(suite.PortUnnamed))}
			e.Await(ctx,
				suite.Allowed(e.ClientA(), tcpTo(e, "web-v1", suite.PortTCP)),
				suite.Denied(e.ClientA(), unnamed),
				suite.Denied(e.ClientB(), unnamed),
				suite.Denied(e.OtherC(), unnamed),
				suite.Denied(e.Stranger(), unnamed),
			)
		},
	})
}
