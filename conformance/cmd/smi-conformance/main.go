// Command smi-conformance runs the conformance suite of the Service Mesh Interface against a mesh. The same binary is
// what runs in the suite's pods.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
)

// version is set when a release is built.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// client-go tells each end of a caller's session as an error of its own.
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "smi-conformance:", err)
		os.Exit(1)
	}
}

func root() *cobra.Command {
	c := &cobra.Command{
		Use: "smi-conformance", Short: "Test whether a service mesh does what the Service Mesh Interface asks",
		SilenceUsage: true, SilenceErrors: true,
	}
	c.CompletionOptions.DisableDefaultCmd = true
	c.AddCommand(runCommand(), featuresCommand(), serveCommand(), callCommand(), receivedCommand(), readyCommand(), &cobra.Command{
		Use: "version", Short: "Print the suite's version", Args: cobra.NoArgs,
		Run: func(c *cobra.Command, _ []string) { fmt.Fprintln(c.OutOrStdout(), fullVersion()) },
	})
	return c
}

// fullVersion is the release, or else the commit that the binary was built from.
func fullVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || version != "dev" {
		return version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return version + "-" + s.Value[:12]
		}
	}
	return version
}
