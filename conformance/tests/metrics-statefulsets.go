package tests

import (
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-statefulsets",
		Description:   "The traffic of a StatefulSet is that of its pods",
		Features:      []features.Name{features.MetricsStatefulSets},
		Manifests:     "metrics-statefulsets.yaml",
		OpenByDefault: true,
		Run:           trafficOf("statefulsets", "StatefulSet", "of-statefulsets"),
	})
}
