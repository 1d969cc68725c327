package actors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"sync"
)

// LedgerSocket is where a pod's ledger is asked: an abstract socket, so that no proxy is in its way and no file is written.
const LedgerSocket = "@smi-conformance-ledger"

// mostMarks bounds what a ledger keeps.
const mostMarks = 1 << 16

// HeaderMark carries a call's mark in requests and gRPC calls; in a line or a datagram it stands as "name: mark" as well.
const HeaderMark = "smi-conformance-mark"

var markInText = regexp.MustCompile(`(?i)` + HeaderMark + `: ?([a-z0-9./-]+) ?`)

// Question asks a server which marks have reached it.
type Question struct {
	Marks []string `json:"marks"`
}

// Received is its answer: how often each of the marks has.
type Received struct {
	Times map[string]int `json:"times"`
}

// ledger is what a server keeps of the marks that reach it, whether or not its answer reaches the caller.
type ledger struct {
	mu    sync.Mutex
	times map[string]int
	order []string
}

func (l *ledger) note(mark string) {
	if mark == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.times == nil {
		l.times = map[string]int{}
	}
	if l.times[mark]++; l.times[mark] > 1 {
		return
	}
	if l.order = append(l.order, mark); len(l.order) > mostMarks {
		delete(l.times, l.order[0])
		l.order = l.order[1:]
	}
}

// noteText takes a mark out of a line or a datagram.
func (l *ledger) noteText(text string) string {
	found := markInText.FindStringSubmatchIndex(text)
	if found == nil {
		return text
	}
	l.note(text[found[2]:found[3]])
	return text[:found[0]] + text[found[1]:]
}

func (l *ledger) answer(q Question) Received {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := Received{Times: map[string]int{}}
	for _, mark := range q.Marks {
		if n := l.times[mark]; n > 0 {
			r.Times[mark] = n
		}
	}
	return r
}

// serve answers questions until the listener ends.
func (l *ledger) serve(ctx context.Context, listener net.Listener) {
	serveEach(ctx, listener, func(conn net.Conn) {
		questions, answers := json.NewDecoder(conn), json.NewEncoder(conn)
		for {
			var q Question
			if questions.Decode(&q) != nil || answers.Encode(l.answer(q)) != nil {
				return
			}
		}
	})
}

// AskLedger hands questions on to the server whose ledger is at an address, and its answers back, until the input ends.
func AskLedger(ctx context.Context, address string, in io.Reader, out io.Writer) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", address)
	if err != nil {
		return fmt.Errorf("ask the server in this pod what it received: %w", err)
	}
	defer conn.Close()
	questions, answers := json.NewDecoder(in), json.NewDecoder(conn)
	for {
		var q Question
		if err := questions.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read a question: %w", err)
		}
		if err := json.NewEncoder(conn).Encode(q); err != nil {
			return fmt.Errorf("ask the server: %w", err)
		}
		var r Received
		if err := answers.Decode(&r); err != nil {
			return fmt.Errorf("read the server's answer: %w", err)
		}
		if err := json.NewEncoder(out).Encode(r); err != nil {
			return fmt.Errorf("write the answer: %w", err)
		}
	}
}
