package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// dialer opens connections to the one place that a load goes to.
type dialer func(ctx context.Context) (net.Conn, error)

// load is a closed loop of requests on connections that stay open.
type load struct {
	dial        dialer
	path        string
	connections int
	during      time.Duration
	// pause is how long a connection waits between an answer and the next
	// request; none for as many as can be.
	pause time.Duration
}

// seen is what came of a load.
type seen struct {
	requests, errors int
	elapsed          time.Duration
	micros           []float64 // each request's
}

func (s seen) rps() float64 { return float64(s.requests) / s.elapsed.Seconds() }

func (l load) run(ctx context.Context) (seen, error) {
	ctx, cancel := context.WithTimeout(ctx, l.during)
	defer cancel()
	parts := make([]seen, l.connections)
	errs := make([]error, l.connections)
	var all sync.WaitGroup
	begin := time.Now()
	for i := range l.connections {
		all.Go(func() { parts[i], errs[i] = l.one(ctx) })
	}
	all.Wait()
	sum := seen{elapsed: time.Since(begin)}
	for _, p := range parts {
		sum.requests += p.requests
		sum.errors += p.errors
		sum.micros = append(sum.micros, p.micros...)
	}
	return sum, errors.Join(errs...)
}

// one is one connection, opened anew after it broke.
func (l load) one(ctx context.Context) (s seen, err error) {
	var c *conn
	for ctx.Err() == nil {
		if c == nil {
			raw, err := l.dial(ctx)
			if ctx.Err() != nil {
				break
			}
			if err != nil {
				return s, err
			}
			c = newConn(raw)
		}
		begin := time.Now()
		status, _, err := c.get(l.path)
		s.requests++
		s.micros = append(s.micros, float64(time.Since(begin).Nanoseconds())/1000)
		if err != nil || status != 200 {
			s.errors++
		}
		if err != nil {
			c.close()
			c = nil
		}
		if l.pause > 0 {
			wait(ctx, l.pause)
		}
	}
	if c != nil {
		c.close()
	}
	return s, nil
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// conn is an HTTP/1.1 connection that does as little as is needed.
type conn struct {
	net.Conn
	in   *bufio.Reader
	body []byte
}

func newConn(c net.Conn) *conn { return &conn{Conn: c, in: bufio.NewReader(c)} }

func (c *conn) close() { c.Conn.Close() }

// get gives an answer's status and body, which is valid until the next.
func (c *conn) get(path string) (status int, body []byte, err error) {
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return 0, nil, err
	}
	if _, err := c.Write([]byte("GET " + path + " HTTP/1.1\r\nhost: app\r\n\r\n")); err != nil {
		return 0, nil, err
	}
	length := -1
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if first {
			if len(line) < 12 {
				return 0, nil, fmt.Errorf("an answer begins with %q", line)
			}
			if status, err = strconv.Atoi(string(line[9:12])); err != nil {
				return 0, nil, fmt.Errorf("an answer begins with %q: %w", line, err)
			}
			continue
		}
		if len(line) == 0 {
			break
		}
		if name, value, _ := bytes.Cut(line, []byte(": ")); bytes.EqualFold(name, []byte("content-length")) {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, nil, fmt.Errorf("an answer's length: %w", err)
			}
		}
	}
	if length < 0 {
		return status, nil, errors.New("an answer without a length")
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	c.body = c.body[:length]
	_, err = io.ReadFull(c.in, c.body)
	return status, c.body, err
}
