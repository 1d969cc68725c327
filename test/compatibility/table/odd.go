package table

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/weft-mesh/weft/test/compatibility/server"
	"github.com/weft-mesh/weft/test/compatibility/wire"
)

// bystanders is how many requests of others are under way while odd messages are sent: more than a sidecar has
// threads, so that some share a thread, and what else threads share, with each odd one.
const bystanders = 6

// odd are messages that a server or a proxy may refuse, but never at the cost of anybody else: what is looked at is
// what becomes of the requests of others.
func odd() []Case {
	const from = "envoy#30362, envoy#20575, envoy#11774, envoy#7061"
	groups := []struct {
		name  string
		port  int
		http2 bool
		sends []string
	}{
		{"odd requests at an http port", server.PortHTTP, false, oddRequests()},
		{"odd requests at a port of HTTP/2", server.PortHTTP2, true, oddRequests()},
		{"odd requests at a port of both", server.PortBoth, true, oddRequests()},
		{"odd answers", server.PortHTTP, false, oddAnswerRequests()},
		{"odd frames at a port of HTTP/2", server.PortHTTP2, true, oddFrames()},
		{"odd frames at a port of both", server.PortBoth, true, oddFrames()},
	}
	var all []Case
	for _, g := range groups {
		all = append(all, Case{
			Name: fmt.Sprintf("%d %s cost nobody else", len(g.sends), g.name), From: from, Slow: true, Want: "the others go on",
			Do: func(ctx context.Context, t Target) string {
				return blast(ctx, t, g.port, g.http2, g.sends)
			},
		})
	}
	return all
}

// crowd is requests of others that are under way.
type crowd struct {
	cancel context.CancelFunc
	mu     sync.Mutex
	ended  []string
}

// gather begins requests whose answers drip, and waits until each of them has begun.
func gather(ctx context.Context, t Target, port int, http2 bool) (*crowd, error) {
	ctx, cancel := context.WithCancel(ctx)
	c := &crowd{cancel: cancel}
	for range bystanders {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+t.App(port)+"/drip/2m", nil)
		if err != nil {
			return c, err
		}
		answer, err := newClient(http2, 1).Do(r)
		if err != nil {
			return c, err
		}
		if answer.StatusCode != http.StatusOK {
			return c, fmt.Errorf("a bystander is answered %d", answer.StatusCode)
		}
		go func() {
			defer answer.Body.Close()
			_, err := io.Copy(io.Discard, answer.Body)
			if ctx.Err() == nil {
				c.mu.Lock()
				c.ended = append(c.ended, fmt.Sprint(err))
				c.mu.Unlock()
			}
		}()
	}
	return c, nil
}

// hurt tells how many were cut.
func (c *crowd) hurt() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.ended)
}

// blast sends messages, eight at a time. When that cut requests of others, each of the eight is sent again by itself,
// to know which did.
func blast(ctx context.Context, t Target, port int, http2 bool, sends []string) string {
	var guilty []string
	c, err := gather(ctx, t, port, http2)
	defer func() { c.cancel() }()
	if err != nil {
		return "the others never began: " + short(err)
	}
	for len(sends) > 0 && ctx.Err() == nil {
		batch := sends[:min(8, len(sends))]
		sends = sends[len(batch):]
		volley(ctx, t, port, batch)
		if c.hurt() == 0 {
			continue
		}
		for _, send := range batch {
			c.cancel()
			if c, err = gather(ctx, t, port, http2); err != nil {
				return fmt.Sprintf("the others can't go on after %.60q: %s", send, short(err))
			}
			volley(ctx, t, port, []string{send})
			if n := c.hurt(); n > 0 {
				guilty = append(guilty, fmt.Sprintf("%d cut by %.80q", n, send))
			}
		}
		c.cancel()
		if c, err = gather(ctx, t, port, http2); err != nil {
			return "the others can't go on: " + short(err)
		}
	}
	sort.Strings(guilty)
	if len(guilty) > 0 {
		return strings.Join(guilty, "; ")
	}
	if err := ctx.Err(); err != nil {
		return fmt.Sprintf("%d left when time was over", len(sends))
	}
	return "the others go on"
}

// volley sends each message on a connection of its own, reads until there is silence, and gives what it may do to
// others the time to do it.
func volley(ctx context.Context, t Target, port int, sends []string) {
	var all sync.WaitGroup
	for _, send := range sends {
		all.Go(func() {
			c, err := wire.Dial(ctx, t.App(port))
			if err != nil {
				return
			}
			defer func() { _ = c.Close() }()
			if _, err := io.WriteString(c, send); err != nil {
				return
			}
			some := make([]byte, 64<<10)
			for err == nil {
				_ = c.SetReadDeadline(time.Now().Add(t.Wait(300 * time.Millisecond)))
				_, err = c.Read(some)
			}
		})
	}
	all.Wait()
	pause(ctx, t.Wait(50*time.Millisecond))
}
