package tests

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-rbac",
		Description:   "A role over all resources of the API may see all metrics and edges, and who has none may not",
		Features:      []features.Name{features.MetricsRBAC},
		Manifests:     "metrics-rbac.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			paths := []string{path(e, "deployments"), path(e, "deployments", "web-v1"), path(e, "pods"), path(e, "deployments", "web-v1", "edges")}
			mayRead(ctx, e, paths, nil)
			e.ApplyStage(ctx, "role")
			elsewhere := []string{strings.Replace(paths[0], e.Main, e.Other, 1)}
			mayRead(ctx, e, elsewhere, nil)
			mayRead(ctx, e, nil, paths)
			e.DeleteStage(ctx, "role")
			mayRead(ctx, e, paths, nil)
		},
	})
}

// mayRead waits until client-a is refused the one paths and gets the others.
func mayRead(ctx context.Context, e *suite.Env, refused, granted []string) {
	e.AwaitThat(ctx, "the rights of an account", func(ctx context.Context) error {
		for code, paths := range map[int][]string{http.StatusForbidden: refused, http.StatusOK: granted} {
			for _, path := range paths {
				if got := e.ReadAs(ctx, e.ClientA(), path).Code; got != code {
					return fmt.Errorf("%s: %d, want %d", path, got, code)
				}
			}
		}
		return nil
	})
}
