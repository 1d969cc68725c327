package canaries

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/test/cluster"
	"github.com/weft-mesh/weft/test/tutorial"
)

// mesh is the cluster that all specs share.
var mesh *cluster.Cluster

// patience bounds what is waited for; the specs claim no speed by it.
const patience = time.Minute

// fortio is the image of all servers and clients.
const fortio = "docker.io/fortio/fortio:1.63.7"

func TestCanaries(t *testing.T) {
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
	EnforceDefaultTimeoutsWhenUsingContexts()
	RunSpecs(t, "canaries by weft")
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
				fmt.Printf("canaries: %s: %s\n", spec.FullText(), entry.Name)
			}
		}
	}
})

// readPage reads a page of docs, from the root of the checkout or from this folder.
func readPage(name string) (tutorial.Page, error) {
	for _, root := range []string{".", "../.."} {
		path := filepath.Join(root, "docs", name)
		if _, err := os.Stat(path); err == nil {
			return tutorial.Read(path)
		}
	}
	return tutorial.Page{}, fmt.Errorf("no docs/%s is here: run this from the root of the checkout", name)
}

// look is what a person would look at first when something went wrong: the output of kubectl commands.
func look(commands ...[]string) string {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var said string
	for _, args := range commands {
		out, err := exec.CommandContext(ctx, "kubectl", args...).CombinedOutput()
		said += fmt.Sprintf("--- kubectl %v\n%s", args, out)
		if err != nil {
			said += err.Error() + "\n"
		}
	}
	return said
}
