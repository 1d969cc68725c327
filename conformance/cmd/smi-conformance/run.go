package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weft-mesh/weft/conformance/adapter"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/report"
	"github.com/weft-mesh/weft/conformance/suite"
	"github.com/weft-mesh/weft/conformance/tests"
)

// runFlags are the flags of `run` as they are written.
type runFlags struct {
	adapter, kubeconfig, level, labels, run, report string
	profiles                                        []string
	seed                                            int64
	failFast, keep                                  bool
}

func runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use: "run --adapter FILE", Short: "Run the suite against the mesh that an adapter describes", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return run(f, c.OutOrStdout()) },
	}
	c.Flags().StringVar(&f.adapter, "adapter", "", "the file that describes the mesh under test")
	c.Flags().StringVar(&f.kubeconfig, "kubeconfig", "", "the cluster (default: KUBECONFIG, or the user's own)")
	c.Flags().StringSliceVar(&f.profiles, "profile", nil, "profiles to test, as in ACCESS,SPLIT (default: all)")
	c.Flags().StringVar(&f.level, "level", "extended", "core, or extended, which has core in it")
	c.Flags().StringVar(&f.labels, "label-filter", "", "run what this expression selects, by profile, level and features: 'SPLIT && !extended'")
	c.Flags().StringVar(&f.run, "run", "", "run the tests whose names match this regular expression")
	c.Flags().StringVar(&f.report, "report", "", "write the report into this folder")
	c.Flags().Int64Var(&f.seed, "seed", 1, "what tests draw their chance from")
	c.Flags().BoolVar(&f.failFast, "fail-fast", false, "stop at the first failure")
	c.Flags().BoolVar(&f.keep, "keep", false, "leave the suite's namespaces in the cluster")
	if err := c.MarkFlagRequired("adapter"); err != nil {
		panic(err) // the flag is defined above
	}
	return c
}

// failure is what ginkgo tells its failures; the summary has them.
type failure struct{}

func (failure) Fail() {}

func run(f runFlags, out io.Writer) error {
	options, err := f.options()
	if err != nil {
		return err
	}
	summary := suite.Run(failure{}, options)
	built := report.Build(options.Adapter, fullVersion(), summary, features.All())
	if f.report != "" {
		paths, err := built.Write(f.report)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "report: %s\n", strings.Join(paths, ", "))
	}
	printSummary(out, summary)
	if summary.Problem != "" {
		return errors.New(summary.Problem)
	}
	if !built.Conforms() {
		return errors.New("not all that ran passed")
	}
	if summary.Count(suite.Passed) == 0 {
		return errors.New("no test ran: nothing is selected, or the adapter skips all of it")
	}
	return nil
}

func (f runFlags) options() (suite.Options, error) {
	o := suite.Options{
		Kubeconfig: f.kubeconfig, Manifests: tests.Manifests, LabelFilter: f.labels,
		Level: features.Level(f.level), Seed: f.seed, FailFast: f.failFast, Keep: f.keep,
	}
	var err error
	if o.Adapter, err = adapter.Load(f.adapter); err != nil {
		return o, err
	}
	for name := range o.Adapter.Skip {
		if _, ok := features.ByName(features.Name(name)); !ok {
			return o, fmt.Errorf("adapter %s: skip.%s is no feature: see `smi-conformance features`", f.adapter, name)
		}
	}
	for _, name := range f.profiles {
		p := features.Profile(strings.ToUpper(name))
		if !slices.Contains(features.Profiles(), p) {
			return o, fmt.Errorf("--profile %q is none of %v", name, features.Profiles())
		}
		o.Profiles = append(o.Profiles, p)
	}
	if o.Level != features.Core && o.Level != features.Extended {
		return o, fmt.Errorf("--level %q is neither core nor extended", f.level)
	}
	if f.run != "" {
		if o.Run, err = regexp.Compile(f.run); err != nil {
			return o, fmt.Errorf("--run: %w", err)
		}
	}
	return o, nil
}

// printSummary writes what failed, and one line of figures last.
func printSummary(out io.Writer, s suite.Summary) {
	for _, r := range s.Results {
		if r.Outcome == suite.Failed {
			first, _, _ := strings.Cut(r.Message, "\n")
			fmt.Fprintf(out, "conformance: FAILED: %s: %s\n", r.Test, first)
		}
	}
	passed, all := s.FeatureCount()
	fmt.Fprintf(out, "conformance: %d passed, %d failed, %d skipped; features %d of %d\n",
		s.Count(suite.Passed), s.Count(suite.Failed), s.Count(suite.Skipped)+s.Count(suite.Unsupported), passed, all)
}
