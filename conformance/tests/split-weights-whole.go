package tests

import (
	"context"

	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-weights-whole",
		Description:   "Weights that are no whole numbers, or below zero, are refused",
		Features:      []features.Name{features.SplitWeightsWhole},
		Manifests:     "split-weights-whole.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			Expect(e.TryApplyStage(ctx, "whole")).To(Succeed())
			for _, wrong := range []string{"fraction", "negative", "text"} {
				Expect(e.TryApplyStage(ctx, wrong)).NotTo(Succeed(), wrong)
			}
		},
	})
}
