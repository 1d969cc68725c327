package xds

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
)

// cutter closes the connection of a proxy that does not take what it is sent.
// Nothing else wakes a sender that waits for flow control.
type cutter struct {
	timeout time.Duration
	timer   *time.Timer
	conn    net.Conn
	cut     atomic.Bool
}

func newCutter(ctx context.Context, timeout time.Duration) *cutter {
	c := &cutter{timeout: timeout}
	if p, ok := peer.FromContext(ctx); ok {
		if info, ok := p.AuthInfo.(connInfo); ok {
			c.conn = info.conn
		}
	}
	return c
}

func (c *cutter) begin() {
	switch {
	case c.conn == nil:
	case c.timer == nil:
		c.timer = time.AfterFunc(c.timeout, c.fire)
	default:
		c.timer.Reset(c.timeout)
	}
}

// end tells whether the connection was cut.
func (c *cutter) end() bool {
	c.stop()
	return c.cut.Load()
}

func (c *cutter) stop() {
	if c.timer != nil {
		c.timer.Stop()
	}
}

func (c *cutter) fire() {
	c.cut.Store(true)
	_ = c.conn.Close()
}

// connInfo carries the connection along to its streams.
type connInfo struct {
	credentials.AuthInfo
	conn net.Conn
}

// connCredentials are transport credentials whose streams know their connection.
type connCredentials struct {
	credentials.TransportCredentials
}

// ServerHandshake does the handshake of the credentials within.
func (c connCredentials) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := c.TransportCredentials.ServerHandshake(raw)
	if err != nil {
		return nil, nil, err
	}
	return conn, connInfo{AuthInfo: info, conn: raw}, nil
}

// Clone copies the credentials.
func (c connCredentials) Clone() credentials.TransportCredentials {
	return connCredentials{c.TransportCredentials.Clone()}
}
