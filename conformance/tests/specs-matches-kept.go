package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "specs-matches-kept",
		Description: "Matches mean the same after the object was read and written in another version",
		Features: []features.Name{
			features.SpecsMatchesKeptByOtherVersions,
		},
		Manifests: "specs-matches-kept.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			rules := [][]suite.Case{
				suite.Allowed(e.ClientA(), with(req(e, "GET", "/api"), "x-shelf", "b")),
				suite.Denied(e.ClientA(), req(e, "GET", "/api"), with(req(e, "POST", "/api"), "x-shelf", "b"), with(req(e, "GET", "/"), "x-shelf", "b")),
				suite.Allowed(e.ClientB(), tcpTo(e, "web-v1", 8078)),
				suite.Denied(e.ClientB(), tcpTo(e, "web-v1", 8077)),
			}
			e.Await(ctx, rules...)
			// v1alpha1 has no headers, and no TCPRoute before v1alpha4 has ports.
			for _, version := range []string{"v1alpha4", "v1alpha3", "v1alpha1"} {
				rewrite(ctx, e, "specs.smi-spec.io/"+version, "httproutegroups", "the-routes")
				rewrite(ctx, e, "specs.smi-spec.io/"+version, "tcproutes", "the-ports")
				e.ApplyStage(ctx, version) // once it holds, the mesh has seen what was written before
				e.Await(ctx, append(rules, suite.Allowed(e.OtherC(), req(e, "GET", "/"+version)))...)
			}
		},
	})
}
