package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/test/cluster"
)

// mesh is the cluster that all specs share.
var mesh *cluster.Cluster

// patience bounds what is waited for; the specs claim no speed by it.
const patience = time.Minute

func TestE2E(t *testing.T) {
	var err error
	mesh, err = cluster.Connect()
	if errors.Is(err, cluster.ErrNoCluster) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(patience)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	EnforceDefaultTimeoutsWhenUsingContexts()
	RunSpecs(t, "weft end to end")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	Expect(mesh.WaitRollouts(ctx, cluster.System)).To(Succeed(), "is weft installed? kubectl apply -k config/default")
}, NodeTimeout(2*time.Minute))

// report shows a measured figure in the run's output, whether or not the spec passes.
func report(format string, args ...any) {
	AddReportEntry(fmt.Sprintf(format, args...))
}

var _ = ReportAfterSuite("figures", func(suite Report) {
	for _, spec := range suite.SpecReports {
		for _, entry := range spec.ReportEntries {
			if entry.Value.GetRawValue() == nil {
				fmt.Printf("e2e: %s: %s\n", spec.LeafNodeText, entry.Name)
			}
		}
	}
})

// cleanup is a context for what a spec removes after its own has ended.
func cleanup() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patience)
}
