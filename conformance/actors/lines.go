package actors

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// resolver looks each name up once, so that a thousand calls are not as many questions to the cluster's DNS.
type resolver struct {
	mu    sync.Mutex
	known map[string]string
}

func (r *resolver) resolve(ctx context.Context, host string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if address, ok := r.known[host]; ok {
		return address, nil
	}
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return "", err
	}
	r.known[host] = addresses[0]
	return addresses[0], nil
}

// dialer opens connections and counts them.
type dialer struct {
	names *resolver
	n     atomic.Int64
}

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if host, err = d.names.resolve(ctx, host); err != nil {
		return nil, err
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(host, port))
	if err == nil {
		d.n.Add(1)
	}
	return conn, err
}

func (d *dialer) dialled() int { return int(d.n.Load()) }

// httpLine makes requests of HTTP/1.1 or HTTP/2.
type httpLine struct {
	*dialer
	// kept has the one connection of a line that keeps it; else each request has a transport of its own, for HTTP/2
	// would share a connection among requests that are made at the same time.
	kept *http.Transport
}

func newHTTPLine(d *dialer, c Call, keep bool) *httpLine {
	l := &httpLine{dialer: d}
	if keep {
		l.kept = l.transport(c)
		l.kept.MaxConnsPerHost = 1
	}
	return l
}

func (l *httpLine) transport(c Call) *http.Transport {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(c.Protocol == HTTP)
	protocols.SetUnencryptedHTTP2(c.Protocol == HTTP2)
	return &http.Transport{DialContext: l.dial, Protocols: protocols, DisableCompression: true}
}

func (l *httpLine) close() {
	if l.kept != nil {
		l.kept.CloseIdleConnections()
	}
}

func (l *httpLine) ask(ctx context.Context, c Call) reply {
	request, err := http.NewRequestWithContext(ctx, c.Method, "http://"+c.Address+c.Path, strings.NewReader(c.Payload))
	if err != nil {
		return reply{err: err}
	}
	if c.Payload == "" {
		request.Body = http.NoBody
	}
	for name, value := range c.Headers {
		if strings.EqualFold(name, "user-agent") {
			name = "User-Agent" // else Go adds its own
		}
		request.Header[name] = []string{value} // as it is written, whatever its case
	}
	if c.Mark != "" {
		request.Header.Set(HeaderMark, c.Mark)
	}
	if c.Host != "" {
		request.Host = c.Host
	}
	transport := l.kept
	if transport == nil {
		transport = l.transport(c)
		transport.DisableKeepAlives = true
		defer transport.CloseIdleConnections()
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return reply{err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4*maxPayload))
	r := reply{code: fmt.Sprint(response.StatusCode), err: err}
	if server := response.Header.Get(headerServer); server != "" && err == nil {
		r.answer = &Answer{Server: server, Version: response.Header.Get(headerVersion)}
		if len(body) > 0 {
			r.answer, r.err = decode(body)
		}
	}
	return r
}

func decode(body []byte) (*Answer, error) {
	var a Answer
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, fmt.Errorf("decode the answer: %w", err)
	}
	return &a, nil
}

// grpcLine makes unary calls.
type grpcLine struct {
	*dialer
	keep bool
	once sync.Once
	conn *grpc.ClientConn
	err  error
}

func (l *grpcLine) connect(c Call) (*grpc.ClientConn, error) {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableServiceConfig(),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return l.dial(ctx, "tcp", address)
		}),
	}
	if c.Host != "" {
		options = append(options, grpc.WithAuthority(c.Host))
	}
	return grpc.NewClient("passthrough:///"+c.Address, options...)
}

func (l *grpcLine) ask(ctx context.Context, c Call) reply {
	conn, err := l.kept(c)
	if err != nil {
		return reply{err: err}
	}
	if !l.keep {
		defer func() { _ = conn.Close() }()
	}
	pairs := metadata.MD{}
	for name, value := range c.Headers {
		pairs.Set(name, value)
	}
	if c.Mark != "" {
		pairs.Set(HeaderMark, c.Mark)
	}
	in, out := []byte(c.Payload), []byte(nil)
	err = conn.Invoke(metadata.NewOutgoingContext(ctx, pairs), c.Path, &in, &out, grpc.ForceCodec(raw{}))
	if err != nil {
		return reply{code: status.Code(err).String(), err: errors.New(status.Convert(err).Code().String())}
	}
	a, err := decode(out)
	return reply{answer: a, code: "OK", err: err}
}

func (l *grpcLine) kept(c Call) (*grpc.ClientConn, error) {
	if !l.keep {
		return l.connect(c)
	}
	l.once.Do(func() { l.conn, l.err = l.connect(c) })
	return l.conn, l.err
}

func (l *grpcLine) close() {
	if l.conn != nil {
		_ = l.conn.Close()
	}
}

// socketLine sends a line over TCP, or a datagram, and waits for one.
type socketLine struct {
	*dialer
	keep bool
	mu   sync.Mutex // serialises calls on a kept connection
	conn net.Conn
}

func (l *socketLine) ask(ctx context.Context, c Call) reply {
	if !l.keep {
		conn, err := l.dial(ctx, string(c.Protocol), c.Address)
		if err != nil {
			return reply{err: err}
		}
		defer conn.Close()
		return exchange(ctx, conn, c)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil {
		conn, err := l.dial(ctx, string(c.Protocol), c.Address)
		if err != nil {
			return reply{err: err}
		}
		l.conn = conn
	}
	r := exchange(ctx, l.conn, c)
	if r.err != nil {
		l.conn.Close()
		l.conn = nil
	}
	return r
}

func exchange(ctx context.Context, conn net.Conn, c Call) reply {
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline) // only a closed connection refuses, and the write says so
	}
	out := []byte(c.Payload)
	if c.Mark != "" {
		out = []byte(HeaderMark + ": " + c.Mark + " " + c.Payload)
	}
	if c.Protocol == TCP {
		out = append(bytes.TrimRight(out, "\n"), '\n')
	} else if len(out) == 0 {
		out = []byte("?")
	}
	if _, err := conn.Write(out); err != nil {
		return reply{err: err}
	}
	in, err := receive(conn, c.Protocol)
	if err != nil {
		return reply{err: err}
	}
	a, err := decode(in)
	return reply{answer: a, err: err}
}

func receive(conn net.Conn, protocol Protocol) ([]byte, error) {
	if protocol == TCP {
		return bufio.NewReader(conn).ReadBytes('\n')
	}
	buffer := make([]byte, maxPayload)
	n, err := conn.Read(buffer)
	return buffer[:n], err
}

func (l *socketLine) close() {
	if l.conn != nil {
		l.conn.Close()
	}
}
