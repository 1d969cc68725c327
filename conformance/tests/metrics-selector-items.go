package tests

import (
	"context"
	"fmt"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-selector-items",
		Description:   "A label selector does not filter the metrics: those of an item are as without it",
		Features:      []features.Name{features.MetricsSelectorFiltersItems},
		Manifests:     "metrics-selector-items.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			// Neither the caller nor the labels of the call fit the selector.
			sent := deliver(ctx, e, e.ClientA(), fetch(e, "chosen", 8080), 13, answered).Answered()
			e.AwaitThat(ctx, "the chosen item", func(ctx context.Context) error {
				l, err := list(ctx, e, "pods?labelSelector=app%3Dchosen")
				if err != nil {
					return err
				}
				if len(l.Items) != 1 {
					return fmt.Errorf("it has %d items, want one", len(l.Items))
				}
				return has(l.Items[0], successes, sent)
			})
		},
	})
}
