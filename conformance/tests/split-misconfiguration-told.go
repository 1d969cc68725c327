package tests

import (
	"context"
	"fmt"
	"strings"

	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-misconfiguration-told",
		Description:   "A backend without the root's port is told of by an Event on the split, or refused with a reason",
		Features:      []features.Name{features.SplitMisconfigurationTold},
		Manifests:     "split-misconfiguration-told.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			if err := e.TryApplyStage(ctx, "birds"); err != nil {
				e.Figure("a backend without the port", "refused: "+err.Error())
				Expect(err.Error()).To(ContainSubstring("blue-birds"))
				return
			}
			e.AwaitThat(ctx, "an Event that names blue-birds", func(ctx context.Context) error {
				got, err := splitEvents(ctx, e, "birds")
				if err == nil && !strings.Contains(strings.Join(got, " "), "blue-birds") {
					err = fmt.Errorf("the split's Events are %q", got)
				}
				return err
			})
		},
	})
}
