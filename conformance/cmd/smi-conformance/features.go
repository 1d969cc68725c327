package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func featuresCommand() *cobra.Command {
	format := "markdown"
	c := &cobra.Command{
		Use: "features", Short: "List what the specification asks for, and the tests of each", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return printFeatures(c.OutOrStdout(), format) },
	}
	c.Flags().StringVarP(&format, "output", "o", format, "markdown or yaml")
	return c
}

func printFeatures(out io.Writer, format string) error {
	switch format {
	case "yaml":
		text, err := yaml.Marshal(features.All())
		if err != nil {
			return err
		}
		_, err = out.Write(text)
		return err
	case "markdown":
		fmt.Fprintln(out, "| feature | profile | level | the specification | where | tests |\n|---|---|---|---|---|---|")
		for _, f := range features.All() {
			fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %s |\n", f.Name, f.Profile, f.Level,
				strings.ReplaceAll(f.Statement, "|", `\|`), f.Source, strings.Join(testsOf(f.Name), ", "))
		}
		return nil
	}
	return fmt.Errorf("--output %q is neither markdown nor yaml", format)
}

func testsOf(name features.Name) []string {
	var names []string
	for _, t := range suite.Tests() {
		if slices.Contains(t.Features, name) {
			names = append(names, t.Name)
		}
	}
	return names
}
