package tests

import (
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-replicationcontrollers",
		Description:   "The traffic of a ReplicationController is that of its pods",
		Features:      []features.Name{features.MetricsReplicationControllers},
		Manifests:     "metrics-replicationcontrollers.yaml",
		OpenByDefault: true,
		Run:           trafficOf("replicationcontrollers", "ReplicationController", "of-replicationcontrollers"),
	})
}
