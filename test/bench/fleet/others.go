package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/weft-mesh/weft/test/bench/fleet/cluster"
	"github.com/weft-mesh/weft/test/bench/fleet/replay"
	"github.com/weft-mesh/weft/test/bench/fleet/sidecars"
)

// plain is weft's own server without the rest of weft.
const plain = "weft-plain"

// slowest takes seconds for what others do in milliseconds: one round does, and
// none in the largest mesh. No cache of go-control-plane's is asked to serve more
// proxies than mostCached.
const (
	slowest      = "gcp-snapshot"
	slowestRound = 1
	slowestSize  = 1000
	cache        = "gcp-"
	mostCached   = 1000
)

// beyond tells that a server is not measured at this size.
func (b *bench) beyond(server string) bool {
	return server == slowest && b.services > slowestSize || strings.HasPrefix(server, cache) && b.proxies > mostCached
}

// others have the same served by other servers, in plaintext.
func (b *bench) others(ctx context.Context) error {
	for _, name := range b.servers {
		if name == weft || b.beyond(name) {
			continue
		}
		if err := b.other(ctx, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (b *bench) other(ctx context.Context, name string) error {
	command := exec.Command(b.baseline, "-server", name, "-recording", b.recording) //nolint:gosec // the server that is measured
	if name == plain {
		command = exec.Command(b.settings.plain, "-recording", b.recording) //nolint:gosec // the server that is measured
	}
	c, err := startChild(command)
	if err != nil {
		return err
	}
	defer c.Kill()
	// A pod's name does for a token.
	tokens := make([]string, b.proxies)
	for i := range tokens {
		tokens[i] = fmt.Sprintf("proxy-%d", i)
	}
	b.report.common = row{"server": name, "services": b.services, "proxies": b.proxies, "tls": "none"}
	fleet := sidecars.New(sidecars.Options{Address: c.address, Tokens: tokens})
	defer fleet.Close()
	s := &server{name: name, rounds: b.rounds, fleet: fleet, Process: c.Process, change: func(_ context.Context, e event, back bool) error {
		word := replay.WordThere
		if back {
			word = replay.WordBack
		}
		_, err := c.tell(word + " " + e.name)
		return err
	}}
	if name == slowest {
		s.rounds = min(s.rounds, slowestRound)
	}
	if _, err := b.connect(ctx, s, c.held); err != nil {
		return err
	}
	return b.events(ctx, s)
}

// child is a server that does what it is told.
type child struct {
	cluster.Process
	address string
	words   io.Writer
	answers *bufio.Scanner
}

func startChild(command *exec.Cmd) (*child, error) {
	in, err1 := command.StdinPipe()
	out, err2 := command.StdoutPipe()
	command.Stderr = os.Stderr
	if err := errors.Join(err1, err2, command.Start()); err != nil {
		return nil, err
	}
	c := &child{Process: cluster.Process{Cmd: command}, words: in, answers: bufio.NewScanner(out)}
	line, err := c.answer()
	if err != nil {
		c.Kill()
		return nil, err
	}
	_, c.address, _ = strings.Cut(line, " ")
	return c, nil
}

func (c *child) tell(word string) (string, error) {
	if _, err := fmt.Fprintln(c.words, word); err != nil {
		return "", err
	}
	return c.answer()
}

func (c *child) answer() (string, error) {
	if !c.answers.Scan() {
		return "", errors.Join(errors.New("the server has ended"), c.answers.Err())
	}
	return c.answers.Text(), nil
}

func (c *child) held(context.Context) (rss, live int64, err error) {
	text, err := c.tell(replay.WordMemory)
	if err != nil {
		return 0, 0, err
	}
	live, err1 := strconv.ParseInt(text, 10, 64)
	rss, err2 := c.Memory("VmRSS")
	return rss, live, errors.Join(err1, err2)
}
