package conformance

import (
	"flag"
	"testing"

	"github.com/weft-mesh/weft/conformance/adapter"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/report"
	"github.com/weft-mesh/weft/conformance/suite"
	"github.com/weft-mesh/weft/conformance/tests"
)

var (
	adapterFile  = flag.String("adapter", "", "the file that describes the mesh under test")
	kubeconfig   = flag.String("kubeconfig", "", "the cluster (default: KUBECONFIG, or the user's own)")
	level        = flag.String("level", "extended", "core, or extended, which has core in it")
	labelFilter  = flag.String("label-filter", "", "run what this expression selects, by profile, level and features")
	reportFolder = flag.String("report", "", "write the report into this folder")
	seed         = flag.Int64("seed", 1, "what tests draw their chance from")
)

func TestConformance(t *testing.T) {
	if *adapterFile == "" {
		t.Skip("name the mesh under test: go test . -adapter adapters/weft.yaml")
	}
	a, err := adapter.Load(*adapterFile)
	if err != nil {
		t.Fatal(err)
	}
	summary := suite.Run(t, suite.Options{
		Adapter: a, Kubeconfig: *kubeconfig, Manifests: tests.Manifests,
		Level: features.Level(*level), LabelFilter: *labelFilter, Seed: *seed,
	})
	if summary.Problem != "" {
		t.Error(summary.Problem)
	}
	if *reportFolder != "" {
		if _, err := report.Build(a, "dev", summary, features.All()).Write(*reportFolder); err != nil {
			t.Error(err)
		}
	}
}
