package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

type options struct {
	root, suite, adapter, select_, page, log string
}

func main() {
	var o options
	flag.StringVar(&o.root, "root", ".", "folder of weft's sources")
	flag.StringVar(&o.suite, "suite", "bin/smi-conformance", "the conformance suite")
	flag.StringVar(&o.adapter, "adapter", "conformance/adapters/weft.yaml", "the suite's adapter")
	flag.StringVar(&o.select_, "run", "", "only mutants whose name matches this regular expression; the page is left as it is")
	flag.StringVar(&o.page, "page", "docs/conformance.md", "page whose table is written; empty for none")
	flag.StringVar(&o.log, "log", "bin/mutants.log", "file for the suite's output")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) error {
	wanted, err := selected(o.select_)
	if err != nil {
		return err
	}
	root, err := filepath.Abs(o.root)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := os.Chmod(folder, 0o755); err != nil { // the controller is not root
		return err
	}
	log, err := os.Create(o.log)
	if err != nil {
		return err
	}
	defer log.Close()
	s := suite{binary: o.suite, log: log}
	if s.adapter, err = impatient(o.adapter, folder, patience); err != nil {
		return err
	}
	if s.patient, err = impatient(o.adapter, folder, countingPatience); err != nil {
		return err
	}
	all, err := judgeAll(ctx, mesh{root: root, folder: folder}, s, wanted, out)
	if err != nil {
		return err
	}
	if o.select_ == "" && o.page != "" {
		if err := writeTable(o.page, all); err != nil {
			return err
		}
	}
	return summary(all, out)
}

func selected(expression string) ([]mutant, error) {
	re, err := regexp.Compile(expression)
	if err != nil {
		return nil, fmt.Errorf("-run: %w", err)
	}
	var wanted []mutant
	for _, m := range catalogue() {
		if re.MatchString(m.Name) {
			wanted = append(wanted, m)
		}
	}
	if len(wanted) == 0 {
		return nil, fmt.Errorf("-run: no mutant is called %s", expression)
	}
	return wanted, nil
}

// judgeAll has the right mesh judged first: a test that fails without a mistake
// catches none.
func judgeAll(ctx context.Context, m mesh, s suite, wanted []mutant, out io.Writer) ([]caught, error) {
	var tests []string
	for _, w := range wanted {
		tests = append(tests, w.Tests)
	}
	right, err := judgeOne(ctx, m, s, mutant{Name: "none", Tests: strings.Join(tests, "|")})
	if err != nil {
		return nil, err
	}
	if len(right) > 0 {
		return nil, fmt.Errorf("weft without a mistake fails %s", strings.Join(right, ", "))
	}
	fmt.Fprintln(out, "mutants: weft without a mistake passes")
	var all []caught
	for _, w := range wanted {
		failed, err := judgeOne(ctx, m, s, w)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(out, "mutants: %s: %s\n", w.Name, orNone(failed))
		all = append(all, caught{w, failed})
	}
	return all, nil
}

func judgeOne(ctx context.Context, m mesh, s suite, w mutant) ([]string, error) {
	fmt.Fprintf(s.log, "\n=== mutant %s\n", w.Name)
	file, err := m.build(ctx, w)
	if err != nil {
		return nil, err
	}
	defer os.Remove(filepath.Join(m.folder, file))
	if err := m.run(ctx, partOf(w), file); err != nil {
		return nil, err
	}
	v, err := s.judge(ctx, w.Tests)
	if err != nil {
		return nil, fmt.Errorf("mutant %s: %w", w.Name, err)
	}
	return v.Failed, nil
}

func orNone(tests []string) string {
	if len(tests) == 0 {
		return "caught by NO TEST"
	}
	return "caught by " + strings.Join(tests, ", ")
}

func summary(all []caught, out io.Writer) error {
	var alive []string
	for _, c := range all {
		if len(c.tests) == 0 {
			alive = append(alive, c.mutant.Name)
		}
	}
	fmt.Fprintf(out, "mutants: %d caught, %d alive\n", len(all)-len(alive), len(alive))
	if len(alive) > 0 {
		return errors.New("no test caught " + strings.Join(alive, ", "))
	}
	return nil
}
