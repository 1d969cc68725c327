package compatibility

import (
	"errors"
	"flag"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/test/cluster"
)

// The flags that say where pods find the program.
var (
	actor = flag.String("actor", "", "the folder with the program `actor` on the nodes, which pods mount")
	image = flag.String("image", "", "an image whose /actor is the program, in place of -actor: for clusters whose nodes are not this machine")
	only  = flag.String("only", "", "run the rows whose names match this expression alone")
)

// mesh is the cluster that all specs share.
var mesh *cluster.Cluster

// patience bounds what is waited for; the specs claim no speed by it.
const patience = 2 * time.Minute

func TestCompatibility(t *testing.T) {
	var err error
	mesh, err = cluster.Connect()
	if errors.Is(err, cluster.ErrNoCluster) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if *actor == "" && *image == "" {
		t.Fatal("say -actor FOLDER or -image NAME: pods need the program; build it with: CGO_ENABLED=0 go build ./test/compatibility/actor")
	}
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(patience)
	EnforceDefaultTimeoutsWhenUsingContexts()
	RunSpecs(t, "compatibility")
}

// report shows a measured figure in the run's output, whether or not the spec passes.
func report(format string, args ...any) {
	AddReportEntry(fmt.Sprintf(format, args...))
}

var _ = ReportAfterSuite("figures", func(suite Report) {
	for _, spec := range suite.SpecReports {
		for _, entry := range spec.ReportEntries {
			if entry.Value.GetRawValue() == nil {
				fmt.Printf("compatibility: %s: %s\n", spec.LeafNodeText, entry.Name)
			}
		}
	}
})
