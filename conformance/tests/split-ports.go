package tests

import (
	"context"
	"slices"

	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-ports",
		Description:   "Each port of the root is split by itself, and each backend maps it to a targetPort of its own",
		Features:      []features.Name{features.SplitPortsEach, features.SplitTargetPort},
		Manifests:     "split-ports.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			converge(ctx, e, e.ClientA(), fetch(e, "birds", 9000), "web-v1", "web-v2")
			steady(ctx, e, e.ClientA(), fetch(e, "birds", 9001), "web-v1")
			for _, o := range e.Call(ctx, e.ClientA(), slices.Repeat([]actors.Call{fetch(e, "birds", 9000)}, burst)...) {
				Expect(o.Last).NotTo(BeNil())
				Expect(o.Last.Port).To(Equal(map[string]int{"v1": suite.PortHTTP, "v2": suite.PortHTTPB}[o.Last.Version]))
			}
		},
	})
}
