package main

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"testing"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"
)

func TestLimitMemory(t *testing.T) {
	for name, test := range map[string]struct {
		environment string
		bytes, want int64
	}{
		"nine tenths":          {"", 1000 << 20, 900 << 20},
		"no limit":             {"", 0, math.MaxInt64},
		"the operator's own":   {"500MiB", 1000 << 20, math.MaxInt64}, // the runtime has read it already
		"what makes no sense ": {"", -1, math.MaxInt64},
	} {
		t.Run(name, func(t *testing.T) {
			before := debug.SetMemoryLimit(math.MaxInt64)
			defer debug.SetMemoryLimit(before)
			t.Setenv("GOMEMLIMIT", test.environment)
			limitMemory(test.bytes)
			if got := debug.SetMemoryLimit(-1); got != test.want {
				t.Errorf("the limit is %d, want %d", got, test.want)
			}
		})
	}
}

// TestDeploymentsAreUnderstood: each flag of a Deployment exists, and what it
// refers to is set. Both know how much memory they have.
func TestDeploymentsAreUnderstood(t *testing.T) {
	for folder, command := range map[string]*cobra.Command{"manager": controllerCommand(), "metrics": metricsCommand()} {
		text, err := os.ReadFile(filepath.Join("..", "..", "config", folder, "deployment.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		var d appsv1.Deployment
		if err := yaml.UnmarshalStrict(text, &d); err != nil {
			t.Fatal(err)
		}
		c := d.Spec.Template.Spec.Containers[0]
		set := map[string]bool{}
		for _, e := range c.Env {
			set[e.Name] = true
		}
		var args []string
		reference := regexp.MustCompile(`\$\((\w+)\)`)
		for _, arg := range c.Args[1:] {
			for _, name := range reference.FindAllStringSubmatch(arg, -1) {
				if !set[name[1]] {
					t.Errorf("%s: %s is not set", folder, name[0])
				}
			}
			args = append(args, reference.ReplaceAllString(arg, "1"))
		}
		if err := command.ParseFlags(args); err != nil {
			t.Errorf("%s: %v", folder, err)
		}
		if limit, err := command.Flags().GetInt64("memory-limit"); err != nil || limit != 1 || c.Resources.Limits.Memory().IsZero() {
			t.Errorf("%s: the memory limit is %d (%v) of %s", folder, limit, err, c.Resources.Limits.Memory())
		}
	}
}
