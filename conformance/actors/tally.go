package actors

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// tally counts replies.
type tally struct {
	mu   sync.Mutex
	sum  Outcome
	took []time.Duration
}

func (t *tally) add(r reply) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.Count++
	if r.answer != nil {
		count(&t.sum.Servers, r.answer.Server)
		count(&t.sum.Versions, r.answer.Version)
		if r.answer.Pod != "" {
			count(&t.sum.Pods, r.answer.Pod)
		}
		t.sum.Last = r.answer
		t.took = append(t.took, r.took)
	}
	if r.code != "" {
		count(&t.sum.Codes, r.code)
	}
	if r.err != nil {
		count(&t.sum.Errors, reason(r.err))
	}
}

func count(into *map[string]int, key string) {
	if *into == nil {
		*into = map[string]int{}
	}
	(*into)[key]++
}

func (t *tally) outcome() Outcome {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.Sort(t.took)
	at := func(share float64) time.Duration {
		if len(t.took) == 0 {
			return 0
		}
		return t.took[int(share*float64(len(t.took)-1))]
	}
	t.sum.Latency = Latency{P50: at(.5), P90: at(.9), P99: at(.99), Max: at(1)}
	return t.sum
}

// reason is why a call had no answer, in few enough words to be counted.
func reason(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "closed"
	}
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 {
		text = text[i+2:]
	}
	return text
}
