package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	name := flag.String("name", "tests", "what the line is about")
	report := flag.String("ginkgo", "", "read this JSON report of ginkgo instead of `go test -json` on standard input")
	flag.Parse()

	var result tally
	var err error
	if *report == "" {
		result, err = readEvents(os.Stdin, os.Stdout)
	} else {
		result, err = readReportFile(*report)
	}
	if err != nil {
		result.fail(fmt.Sprintf("%s (%v)", *name, err))
	}
	if !result.print(os.Stdout, *name) {
		os.Exit(1)
	}
}

// tally counts tests by outcome.
type tally struct {
	passed  int
	failed  []string
	skipped []string
}

func (t *tally) fail(name string) { t.failed = append(t.failed, name) }
func (t *tally) skip(name string) { t.skipped = append(t.skipped, name) }

// print writes the summary and tells whether all is well. A run without a test is a failed one: it proves nothing.
func (t *tally) print(out io.Writer, name string) bool {
	if t.passed == 0 && len(t.failed) == 0 {
		t.fail("no test ran")
	}
	for _, s := range t.skipped {
		fmt.Fprintf(out, "%s: skipped: %s\n", name, s)
	}
	for _, f := range t.failed {
		fmt.Fprintf(out, "%s: FAILED: %s\n", name, f)
	}
	fmt.Fprintf(out, "%s: %d passed, %d failed, %d skipped\n", name, t.passed, len(t.failed), len(t.skipped))
	return len(t.failed) == 0
}
