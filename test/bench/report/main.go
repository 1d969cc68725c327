package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

const usage = `usage: report rows < BENCHMARKS > ROWS.json
       report page [-rows DIR] [-docs DIR] [-commit C] [-command C]...
       report compare OLD NEW`

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	switch args[0] {
	case "rows":
		rows, err := readBenchmarks(in)
		if err != nil {
			return err
		}
		b, err := array(rows)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s\n", b)
		return err
	case "page":
		return makePage(args[1:])
	case "compare":
		return compareFiles(args[1:], out)
	default:
		return errors.New(usage)
	}
}

// list is a flag that may come more than once.
type list []string

func (l *list) String() string     { return strings.Join(*l, ", ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// makePage merges what was measured last into the results, and writes the page.
// What was not measured this time stays as it was.
func makePage(args []string) error {
	flags := flag.NewFlagSet("page", flag.ContinueOnError)
	rows := flags.String("rows", "bin/bench", "where the benches left model.json, fleet.json, proxy.json and faults.json")
	docs := flags.String("docs", "docs", "where performance.json and performance.md are")
	commit := flags.String("commit", "", "the commit that was measured, on this machine")
	var commands list
	flags.Var(&commands, "command", "a command that measured")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var rs results
	store := filepath.Join(*docs, "performance.json")
	if err := readJSON(store, &rs); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, b := range benches {
		if err := rs.take(b, filepath.Join(*rows, string(b)+".json")); err != nil {
			return err
		}
	}
	if *commit != "" {
		rs.Commit, rs.Machine = *commit, machine()
	}
	if len(commands) > 0 {
		rs.Commands = commands
	}
	encoded, err := rs.encoded()
	if err != nil {
		return err
	}
	if err := os.WriteFile(store, encoded, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(*docs, "performance.md"), []byte(page(&rs)), 0o644)
}

// take replaces the rows of a bench that has been run.
func (rs *results) take(b bench, path string) error {
	var rows []row
	switch err := readJSON(path, &rows); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	*rs.of(b) = rows
	return nil
}
