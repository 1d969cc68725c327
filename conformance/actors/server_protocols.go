package actors

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// maxPayload bounds what is read of one call.
const maxPayload = 64 << 10

// maxDelay bounds how long a caller may have a server wait.
const maxDelay = 5 * time.Second

func (s *Server) serveHTTP1(ctx context.Context, listener net.Listener) {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	s.serveHTTP(ctx, listener, protocols, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 1 { // the preface of HTTP/2, which Go hands on as a request
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusHTTPVersionNotSupported)
			return
		}
		s.handle(w, r)
	})
}

func (s *Server) serveHTTP2(ctx context.Context, listener net.Listener) {
	protocols := &http.Protocols{}
	protocols.SetUnencryptedHTTP2(true)
	s.serveHTTP(ctx, listener, protocols, s.handle)
}

func (s *Server) serveHTTP(ctx context.Context, listener net.Listener, protocols *http.Protocols, handle http.HandlerFunc) {
	server := &http.Server{Handler: handle, Protocols: protocols, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	_ = server.Serve(listener) // ends with the listener
}

func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	s.received.note(r.Header.Get(HeaderMark))
	r.Header.Del(HeaderMark) // it is not the test's
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxPayload))
	a := s.answer(HTTP, local)
	a.Protocol = strings.ToLower(r.Proto)
	a.Method, a.Path, a.Host, a.Payload = r.Method, r.URL.RequestURI(), r.Host, string(body)
	a.Headers = map[string]string{}
	for name, values := range r.Header {
		a.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	w.Header().Set(headerServer, a.Server)
	w.Header().Set(headerVersion, a.Version)
	w.Header().Set("Content-Type", "application/json")
	if pause, err := time.ParseDuration(r.Header.Get(HeaderDelay)); err == nil {
		select {
		case <-time.After(min(pause, maxDelay)):
		case <-r.Context().Done():
		}
	}
	if code, err := strconv.Atoi(r.Header.Get(HeaderCode)); err == nil && code >= 200 && code <= 599 {
		w.WriteHeader(code)
	}
	_ = json.NewEncoder(w).Encode(a) // a caller that is gone needs no answer
}

// raw passes the bytes of a gRPC message as they are.
type raw struct{}

func (raw) Name() string { return "proto" }

func (raw) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (raw) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}

func (s *Server) serveGRPC(ctx context.Context, listener net.Listener) {
	server := grpc.NewServer(grpc.ForceServerCodec(raw{}), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		var in []byte
		if err := stream.RecvMsg(&in); err != nil {
			return err
		}
		a := s.answer(GRPC, localOf(stream.Context()))
		a.Path, _ = grpc.Method(stream.Context())
		a.Payload, a.Headers = string(in), map[string]string{}
		got, _ := metadata.FromIncomingContext(stream.Context())
		s.received.note(strings.Join(got.Get(HeaderMark), ","))
		delete(got, HeaderMark)
		for name, values := range got {
			a.Headers[name] = strings.Join(values, ",")
		}
		out, err := json.Marshal(a)
		if err != nil {
			return err
		}
		return stream.SendMsg(&out)
	}))
	context.AfterFunc(ctx, server.Stop)
	_ = server.Serve(listener) // ends with the listener
}

func localOf(ctx context.Context) net.Addr {
	if p, ok := peer.FromContext(ctx); ok {
		return p.LocalAddr
	}
	return nil
}

func (s *Server) serveTCP(ctx context.Context, listener net.Listener) {
	serveEach(ctx, listener, s.answerLines)
}

// serveEach hands over each connection until the listener ends, and closes it after that or with the context.
func serveEach(ctx context.Context, listener net.Listener, serve func(net.Conn)) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		stop := context.AfterFunc(ctx, func() { conn.Close() })
		go func() {
			defer stop()
			defer conn.Close()
			serve(conn)
		}()
	}
}

// answerLines answers each line with one. It says nothing first, so that no proxy has to guess who speaks first.
func (s *Server) answerLines(conn net.Conn) {
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		a := s.answer(TCP, conn.LocalAddr())
		a.Payload = s.received.noteText(lines.Text())
		if json.NewEncoder(conn).Encode(a) != nil {
			return
		}
	}
}

func (s *Server) serveUDP(conn net.PacketConn) {
	buffer := make([]byte, maxPayload)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		a := s.answer(UDP, conn.LocalAddr())
		a.Payload = s.received.noteText(string(buffer[:n]))
		if out, err := json.Marshal(a); err == nil {
			_, _ = conn.WriteTo(out, from) // what is lost is lost, as ever with UDP
		}
	}
}
