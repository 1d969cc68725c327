package tests

import (
	"context"
	"fmt"

	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-trafficsplits",
		Description:   "Each backend of a TrafficSplit has what callers of the apex sent to it",
		Features:      []features.Name{features.MetricsTrafficSplits, features.MetricsTrafficSplitApex, features.MetricsTrafficSplitBackend},
		Manifests:     "metrics-trafficsplits.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			call := fetch(e, "apex", 8080)
			call.Count = burst
			// Before the split is known the apex' own endpoint answers, which is no backend.
			sent := deliver(ctx, e, e.ClientB(), call, many, func(o actors.Outcome) error {
				if n := answers(e, o); n["web-v2"] == 0 || n["web-v3"] == 0 {
					return fmt.Errorf("answers came from %v, want web-v2 and web-v3", n)
				}
				return nil
			})
			e.AwaitThat(ctx, "the calls of each backend", func(ctx context.Context) error { return shared(ctx, e, answers(e, sent)) })
		},
	})
}

// shared wants the counts of the TrafficSplit's backends.
func shared(ctx context.Context, e *suite.Env, want map[string]int) error {
	l, err := list(ctx, e, "trafficsplits")
	if err != nil {
		return err
	}
	weights := map[string]int64{"web-v2": 30, "web-v3": 10}
	seen := 0
	for _, item := range l.Items {
		if item.Resource.Name != "apex-split" {
			continue
		}
		seen++
		Expect(item.Resource.Kind).To(Equal("TrafficSplit"))
		Expect(item.Edge.Direction).To(Equal("from"))
		Expect(item.Edge.Side).To(Equal("client"))
		Expect(item.Backend).NotTo(BeNil())
		Expect(item.Backend.Apex).To(Equal("apex"))
		Expect(weights).To(HaveKeyWithValue(item.Backend.Name, item.Backend.Weight))
		if err := has(item, successes, want[item.Backend.Name]); err != nil {
			return fmt.Errorf("backend %s: %w", item.Backend.Name, err)
		}
	}
	if seen != len(weights) {
		return fmt.Errorf("the TrafficSplit has %d items, want one for each of its %d backends", seen, len(weights))
	}
	return nil
}
