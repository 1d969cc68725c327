package tests

import (
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-services",
		Description:   "The traffic of a Service is that of the pods behind it",
		Features:      []features.Name{features.MetricsServices},
		Manifests:     "metrics-services.yaml",
		OpenByDefault: true,
		Run:           trafficOf("services", "Service", "of-services"),
	})
}
