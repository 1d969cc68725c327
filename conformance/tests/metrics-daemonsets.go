package tests

import (
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-daemonsets",
		Description:   "The traffic of a DaemonSet is that of its pods",
		Features:      []features.Name{features.MetricsDaemonSets},
		Manifests:     "metrics-daemonsets.yaml",
		OpenByDefault: true,
		Run:           trafficOf("daemonsets", "DaemonSet", "of-daemonsets"),
	})
}
