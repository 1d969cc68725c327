package actors

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"sync"
)

// Names of the headers by which a server says who it is, also where an answer has no body.
const (
	headerServer  = "Smi-Conformance-Server"
	headerVersion = "Smi-Conformance-Version"
)

// Headers by which a caller of an HTTP port has the server answer late, or with another code than 200.
const (
	HeaderDelay = "smi-conformance-delay"
	HeaderCode  = "smi-conformance-code"
)

// Server answers every call on its ports and says who it is.
type Server struct {
	// Namespace, Workload, Version and Pod are what it says of itself.
	Namespace, Workload, Version, Pod string
	// Host is the address to listen on; empty is all.
	Host string
	// HTTP, HTTP2, GRPC, TCP and UDP are its ports. HTTP ports take HTTP/1.1 alone, HTTP2 ports HTTP/2 with prior knowledge
	// alone, as most servers do: who speaks the other is refused.
	HTTP, HTTP2, GRPC, TCP, UDP []int
	// Ledger is where it answers what has reached it; empty is the pod's own socket.
	Ledger string
	// Listening is called once all ports are open, if set.
	Listening func(addresses map[Protocol][]string)

	open     map[Protocol][]string
	received ledger
}

// answer is what the server says of itself.
func (s *Server) answer(protocol Protocol, local net.Addr) Answer {
	return Answer{
		Server: s.Namespace + "/" + s.Workload, Version: s.Version, Pod: s.Pod,
		Protocol: string(protocol), Port: portOf(local),
	}
}

func portOf(a net.Addr) int {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a.Port
	case *net.UDPAddr:
		return a.Port
	}
	return 0
}

// Run serves until the context ends or a port can't be opened.
func (s *Server) Run(ctx context.Context) error {
	s.open = map[Protocol][]string{}
	var group sync.WaitGroup
	defer group.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	serve := func(closer io.Closer, run func()) {
		group.Go(run)
		context.AfterFunc(ctx, func() { closer.Close() })
	}
	questions, err := net.Listen("unix", cmp.Or(s.Ledger, LedgerSocket))
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	serve(questions, func() { s.received.serve(ctx, questions) })
	for _, port := range s.UDP {
		conn, err := net.ListenPacket("udp", s.at(port))
		if err != nil {
			return fmt.Errorf("listen on UDP port %d: %w", port, err)
		}
		s.note(UDP, conn.LocalAddr())
		serve(conn, func() { s.serveUDP(conn) })
	}
	streams := []struct {
		protocol Protocol
		ports    []int
		run      func(context.Context, net.Listener)
	}{{HTTP, s.HTTP, s.serveHTTP1}, {HTTP2, s.HTTP2, s.serveHTTP2}, {GRPC, s.GRPC, s.serveGRPC}, {TCP, s.TCP, s.serveTCP}}
	for _, stream := range streams {
		for _, port := range stream.ports {
			listener, err := net.Listen("tcp", s.at(port))
			if err != nil {
				return fmt.Errorf("listen on port %d: %w", port, err)
			}
			s.note(stream.protocol, listener.Addr())
			serve(listener, func() { stream.run(ctx, listener) })
		}
	}
	if s.Listening != nil {
		s.Listening(s.open)
	}
	<-ctx.Done()
	return nil
}

func (s *Server) at(port int) string { return net.JoinHostPort(s.Host, fmt.Sprint(port)) }

func (s *Server) note(protocol Protocol, a net.Addr) {
	s.open[protocol] = append(s.open[protocol], a.String())
}
