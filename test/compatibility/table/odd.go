package table

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
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
		{"odd requests at an http port", server.PortOdd, false, oddRequests()},
		{"odd requests at a port of HTTP/2", server.PortHTTP2, true, oddRequests()},
		{"odd requests at a port of both", server.PortBoth, true, oddRequests()},
		{"odd answers", server.PortOdd, false, oddAnswerRequests()},
		{"odd frames at a port of HTTP/2", server.PortHTTP2, true, oddFrames()},
		{"odd frames at a port of both", server.PortBoth, true, oddFrames()},
	}
	var all []Case
	for _, g := range groups {
		all = append(all, Case{
			Name: fmt.Sprintf("%d %s cost nobody else", len(g.sends), g.name), From: from, Want: "the others go on",
			Do: func(ctx context.Context, t Target) string {
				return site{t, g.port, g.http2}.blast(ctx, g.sends)
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
func (s site) gather(ctx context.Context) (*crowd, error) {
	ctx, cancel := context.WithCancel(ctx)
	c := &crowd{cancel: cancel}
	for range bystanders {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.target.App(s.port)+"/drip/2m", nil)
		if err != nil {
			return c, err
		}
		answer, err := newClient(s.http2, 1).Do(r)
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

// site is where odd messages are sent, and others are under way.
type site struct {
	target Target
	port   int
	http2  bool
}

// blasts run one after the other, so that who is hurt is hurt by what is said to have done it.
var blasts sync.Mutex

// blast sends messages, twenty at a time, and says which of them cut requests of others.
func (s site) blast(ctx context.Context, sends []string) string {
	blasts.Lock()
	defer blasts.Unlock()
	var guilty []string
	c, err := s.gather(ctx)
	for batch := range slices.Chunk(sends, 20) {
		if err != nil {
			return fmt.Sprintf("the others can't begin: %s %s", short(err), strings.Join(guilty, "; "))
		}
		s.volley(ctx, batch)
		if c.hurt() == 0 {
			continue
		}
		c.cancel()
		guilty = append(guilty, s.accuse(ctx, batch)...)
		c, err = s.gather(ctx)
	}
	c.cancel()
	if len(guilty) > 0 {
		return strings.Join(guilty, "; ")
	}
	if ctx.Err() != nil {
		return "time was over"
	}
	return "the others go on"
}

// accuse sends each message of a batch again by itself, to know which one it was.
func (s site) accuse(ctx context.Context, batch []string) []string {
	var guilty []string
	for _, send := range batch {
		c, err := s.gather(ctx)
		if err == nil {
			s.volley(ctx, []string{send})
		}
		if n := c.hurt(); n > 0 || err != nil {
			guilty = append(guilty, fmt.Sprintf("%d cut by %.80q (%v)", n, send, err))
		}
		c.cancel()
	}
	if len(guilty) == 0 {
		guilty = append(guilty, fmt.Sprintf("some cut by one of %.60q", batch))
	}
	return guilty
}

// volley sends each message on a connection of its own, reads until there is silence, and gives what it may do to
// others the time to do it.
func (s site) volley(ctx context.Context, sends []string) {
	var all sync.WaitGroup
	for _, send := range sends {
		all.Go(func() {
			c, err := wire.Dial(ctx, s.target.App(s.port))
			if err != nil {
				return
			}
			defer func() { _ = c.Close() }()
			if _, err := io.WriteString(c, send); err != nil {
				return
			}
			some := make([]byte, 64<<10)
			for err == nil {
				_ = c.SetReadDeadline(time.Now().Add(s.target.Wait(200 * time.Millisecond)))
				_, err = c.Read(some)
			}
		})
	}
	all.Wait()
	pause(ctx, s.target.Wait(50*time.Millisecond))
}
