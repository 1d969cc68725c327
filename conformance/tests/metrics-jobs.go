package tests

import (
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-jobs",
		Description:   "The traffic of a Job is that of its pods",
		Features:      []features.Name{features.MetricsJobs},
		Manifests:     "metrics-jobs.yaml",
		OpenByDefault: true,
		Run:           trafficOf("jobs", "Job", "of-jobs"),
	})
}
