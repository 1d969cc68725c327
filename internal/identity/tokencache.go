package identity

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

const (
	// cacheFor is how long an answer holds. A token that is withdrawn works that
	// much longer.
	cacheFor = 10 * time.Second
	// maxCached bounds the answers kept; beyond it nothing is kept.
	maxCached = 20_000
)

// tokenCache keeps answers by the hash of the token, never the token, and lets
// those who ask at the same time wait for one answer.
type tokenCache struct {
	clock clock.PassiveClock

	mu      sync.Mutex
	answers map[[sha256.Size]byte]*answer
	swept   time.Time
}

type answer struct {
	done    chan struct{}
	peer    Peer
	err     error
	expires time.Time // set when done
}

func newTokenCache(c clock.PassiveClock) *tokenCache {
	return &tokenCache{clock: c, answers: map[[sha256.Size]byte]*answer{}}
}

func (c *tokenCache) get(ctx context.Context, token string, ask func() (Peer, error)) (Peer, error) {
	key := sha256.Sum256([]byte(token))
	a := c.find(key, ask)
	select {
	case <-a.done:
		return a.peer, a.err
	case <-ctx.Done():
		return Peer{}, fmt.Errorf("review a token: %w", ctx.Err())
	}
}

// find returns the answer of a token, under way or given; it asks if there is
// none.
func (c *tokenCache) find(key [sha256.Size]byte, ask func() (Peer, error)) *answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.Now()
	c.sweep(now)
	if a := c.answers[key]; a != nil && !a.expired(now) {
		return a
	}
	a := &answer{done: make(chan struct{})}
	if len(c.answers) < maxCached {
		c.answers[key] = a
	}
	go c.fill(key, a, ask)
	return a
}

func (c *tokenCache) fill(key [sha256.Size]byte, a *answer, ask func() (Peer, error)) {
	peer, err := ask()
	c.mu.Lock()
	defer c.mu.Unlock()
	a.peer, a.err, a.expires = peer, err, c.clock.Now().Add(cacheFor)
	// What may pass is asked again at once.
	if err != nil && !errors.Is(err, ErrUnauthenticated) && c.answers[key] == a {
		delete(c.answers, key)
	}
	close(a.done)
}

// expired is called with the cache's lock held.
func (a *answer) expired(now time.Time) bool {
	return !a.expires.IsZero() && !now.Before(a.expires)
}

// sweep is called with the cache's lock held.
func (c *tokenCache) sweep(now time.Time) {
	if now.Sub(c.swept) < cacheFor {
		return
	}
	c.swept = now
	for k, a := range c.answers {
		if a.expired(now) {
			delete(c.answers, k)
		}
	}
}
