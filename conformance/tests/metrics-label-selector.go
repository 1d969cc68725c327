package tests

import (
	"context"
	"fmt"

	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-label-selector",
		Description:   "A label selector chooses the items of a list, which states it",
		Features:      []features.Name{features.MetricsLabelSelector},
		Manifests:     "metrics-label-selector.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			for _, plural := range []string{"deployments", "pods"} {
				e.AwaitThat(ctx, "the chosen "+plural, func(ctx context.Context) error {
					l, err := list(ctx, e, plural+"?labelSelector=app%3Dweb-v1")
					if err != nil {
						return err
					}
					if len(l.Items) != 1 {
						return fmt.Errorf("it has %d items, want one", len(l.Items))
					}
					Expect(l.Items[0].Resource.Name).To(HavePrefix("web-v1"))
					Expect(l.Selector).To(HaveField("MatchLabels", HaveKeyWithValue("app", "web-v1")))
					return nil
				})
			}
		},
	})
}
