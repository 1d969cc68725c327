// Command actor is the client and the server of the compatibility suite, in one static binary that runs in pods.
//
//	actor serve                          all servers, until it is stopped
//	actor wait                           nothing, until it is stopped: the client's pod
//	actor run [-group NAME] [-only RE]   the rows of a group, one line of JSON for each as it ends
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"github.com/weft-mesh/weft/test/compatibility/server"
	"github.com/weft-mesh/weft/test/compatibility/table"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log.SetOutput(io.Discard) // what Go's servers say of odd messages
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "actor:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("say what to do: serve, wait or run")
	}
	switch args[0] {
	case "serve":
		s := &server.Server{Answers: table.Answers(table.All())}
		return s.Serve(ctx, func() {})
	case "wait":
		<-ctx.Done()
		return nil
	case "run":
		return runCases(ctx, args[1:])
	}
	return fmt.Errorf("%q is none of serve, wait and run", args[0])
}

func runCases(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	group := flags.String("group", "", "the group of rows")
	only := flags.String("only", "", "the rows whose names match this expression")
	suffix := flags.String("suffix", "", "what the names of the Services end in")
	pace := flags.String("pace", "", "run `slow` rows alone, or `quick` ones; both unless said")
	host := flags.String("host", "", "an address in the place of every Service's name")
	workers := flags.Int("workers", 6, "how many of the rows that are not slow run at a time")
	if err := flags.Parse(args); err != nil {
		return err
	}
	pattern, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	var cases []table.Case
	for _, c := range table.Select(table.All(), table.Group(*group)) {
		if pattern.MatchString(c.Name) && (*pace == "" || c.Slow == (*pace == "slow")) {
			cases = append(cases, c)
		}
	}
	lines := json.NewEncoder(os.Stdout)
	table.Run(ctx, cases, table.Target{Suffix: *suffix, Host: *host}, *workers, func(r table.Result) { err = errors.Join(err, lines.Encode(r)) })
	return err
}
