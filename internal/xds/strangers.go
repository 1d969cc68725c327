package xds

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/peer"
	"k8s.io/utils/clock"
)

const (
	// maxStrangers are the connections that one address may open, and the tokens
	// that it may show, before one of them proves who it is.
	maxStrangers = 2048
	// strangerInterval is how often it may do so once more.
	strangerInterval = time.Second / 8
	// maxSources bounds the addresses that are told apart: all others are one.
	maxSources = 100_000
)

// strangers bounds what those can cost who have not proven who they are:
// handshakes, which are most of a connection's work, and the API server's reviews
// of tokens. Whoever proves it costs its address nothing.
type strangers struct {
	clock   clock.PassiveClock
	most    int
	refused func()

	mu sync.Mutex
	// free is when an address may do as often as at first again.
	free  map[netip.Addr]time.Time
	swept time.Time
}

func newStrangers(c clock.PassiveClock, most int, refused func()) *strangers {
	return &strangers{clock: c, most: most, refused: refused, free: map[netip.Addr]time.Time{}}
}

// enter takes one of an address's attempts, if there is any.
func (s *strangers) enter(from netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	s.sweep(now)
	at := s.source(from)
	free := spent(s.free[at], now, strangerInterval)
	if free.Sub(now) > time.Duration(s.most)*strangerInterval {
		s.refused()
		return false
	}
	s.free[at] = free
	return true
}

// proven gives an attempt back.
func (s *strangers) proven(from netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.source(from)
	if free, ok := s.free[at]; ok {
		s.free[at] = free.Add(-strangerInterval)
	}
}

// source is what an address counts as. It is called with the lock held.
func (s *strangers) source(from netip.Addr) netip.Addr {
	if _, known := s.free[from]; !known && len(s.free) >= maxSources {
		return netip.Addr{}
	}
	return from
}

// sweep is called with the lock held.
func (s *strangers) sweep(now time.Time) {
	if now.Sub(s.swept) < sweepInterval {
		return
	}
	s.swept = now
	for at, free := range s.free {
		if !now.Before(free) {
			delete(s.free, at)
		}
	}
}

// visit is one connection as its streams know it.
type visit struct {
	strangers *strangers
	from      netip.Addr
	// opened tells that the attempt which the connection was is some stream's.
	opened atomic.Bool
}

func (s *strangers) visit(raw net.Conn) (*visit, bool) {
	var from netip.Addr
	if a, ok := raw.RemoteAddr().(*net.TCPAddr); ok {
		from = a.AddrPort().Addr().Unmap()
	}
	return &visit{strangers: s, from: from}, s.enter(from)
}

// attempt is before a stream shows its token. The first one of a connection has
// been counted with it.
func (v *visit) attempt() bool {
	return v.opened.CompareAndSwap(false, true) || v.strangers.enter(v.from)
}

// connOf is what is known of a stream's connection.
func connOf(ctx context.Context) (connInfo, bool) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return connInfo{}, false
	}
	info, ok := p.AuthInfo.(connInfo)
	return info, ok
}
