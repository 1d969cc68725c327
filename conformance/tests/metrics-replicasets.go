package tests

import (
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-replicasets",
		Description:   "The traffic of a ReplicaSet is that of its pods",
		Features:      []features.Name{features.MetricsReplicaSets},
		Manifests:     "metrics-replicasets.yaml",
		OpenByDefault: true,
		Run:           trafficOf("replicasets", "ReplicaSet", "of-replicasets"),
	})
}
