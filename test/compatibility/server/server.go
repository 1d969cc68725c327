package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
)

// Ports are where a Server listens. They are the same in every pod.
const (
	PortPlain    = 8070 // HTTP/1.1 alone, at a port whose name does not say so
	PortHTTP     = 8080 // HTTP/1.1 alone
	PortGRPC     = 8081
	PortHTTP2    = 8082 // HTTP/2 with prior knowledge alone
	PortFew      = 8083 // the same, five streams at a time
	PortAged     = 8084 // gRPC that ends its connections after a second
	PortBoth     = 8085 // HTTP/1.1, and HTTP/2 with prior knowledge
	PortHundred  = 8086 // gRPC, a hundred streams at a time
	PortSilent   = 8087 // HTTP/1.1 alone, for rows that close connections
	PortOdd      = 8088 // HTTP/1.1 alone, for odd messages
	PortGreeting = 9000 // TCP, where the server speaks first
	PortTCP      = 9001 // TCP that does what the first line says
	PortUDP      = 9002
	PortNone     = 9008 // nothing listens here
	PortNoneHTTP = 9009 // nor here
)

// Server is all servers of a process.
type Server struct {
	// Host is the address to listen at, "" for all.
	Host string
	// Answers are what the HTTP/1.1 server writes to a request by the first part of its path.
	Answers map[string]Answer
}

// Serve listens at all ports, says so, and serves until the context ends, or until one of them can't be had.
func (s *Server) Serve(ctx context.Context, ready func()) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for port, serve := range s.servers() {
		l, err := s.listen(ctx, port)
		if err != nil {
			return err
		}
		context.AfterFunc(ctx, func() { l.Close() })
		go func() { cancel(fmt.Errorf("port %d: %w", port, serve(l))) }()
	}
	packets, err := net.ListenPacket("udp", net.JoinHostPort(s.Host, strconv.Itoa(PortUDP)))
	if err != nil {
		return err
	}
	defer func() { _ = packets.Close() }()
	go echoPackets(packets)
	ready()
	<-ctx.Done()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (s *Server) servers() map[int]func(net.Listener) error {
	return map[int]func(net.Listener) error{
		PortHTTP:     accept(s.serveHTTP1),
		PortPlain:    accept(s.serveHTTP1),
		PortSilent:   accept(s.serveHTTP1),
		PortOdd:      accept(s.serveHTTP1),
		PortHTTP2:    serveHTTP2(0, false),
		PortFew:      serveHTTP2(5, false),
		PortBoth:     serveHTTP2(0, true),
		PortGRPC:     serveGRPC(),
		PortAged:     serveGRPC(agedConnections),
		PortHundred:  serveGRPC(hundredStreams),
		PortGreeting: accept(greet),
		PortTCP:      accept(obey),
	}
}

// listen makes connections have no TCP keepalive, as those of most servers have none.
func (s *Server) listen(ctx context.Context, port int) (net.Listener, error) {
	config := net.ListenConfig{KeepAlive: -1}
	return config.Listen(ctx, "tcp", net.JoinHostPort(s.Host, strconv.Itoa(port)))
}

// accept serves each connection by itself.
func accept(serve func(*net.TCPConn)) func(net.Listener) error {
	return func(l net.Listener) error {
		for {
			c, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return err
			}
			if err == nil {
				go func() {
					defer c.Close()
					serve(c.(*net.TCPConn))
				}()
			}
		}
	}
}
