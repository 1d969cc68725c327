package xds

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/credentials"
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
	if info, ok := connOf(ctx); ok {
		c.conn = info.conn
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
	conn  net.Conn
	visit *visit
}

// connCredentials are transport credentials whose streams know their connection.
type connCredentials struct {
	credentials.TransportCredentials
	strangers *strangers
}

// ServerHandshake does the handshake of the credentials within, unless too many
// came to nothing.
func (c connCredentials) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	v, ok := c.strangers.visit(raw)
	if !ok {
		return nil, nil, errStranger
	}
	conn, info, err := c.TransportCredentials.ServerHandshake(raw)
	if err != nil {
		return nil, nil, err
	}
	return conn, connInfo{AuthInfo: info, conn: raw, visit: v}, nil
}

// Clone copies the credentials.
func (c connCredentials) Clone() credentials.TransportCredentials {
	return connCredentials{c.TransportCredentials.Clone(), c.strangers}
}
