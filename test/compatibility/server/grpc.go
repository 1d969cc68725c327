package server

import (
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Raw is gRPC's codec of messages that are bytes, so that the suite needs no generated code. Messages are *[]byte.
type Raw struct{}

// Marshal is of encoding.Codec.
func (Raw) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

// Unmarshal is of encoding.Codec.
func (Raw) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}

// Name is of encoding.Codec.
func (Raw) Name() string { return "raw" }

func init() { encoding.RegisterCodec(Raw{}) }

var (
	agedConnections = grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: time.Second, MaxConnectionAgeGrace: 5 * time.Second})
	hundredStreams  = grpc.MaxConcurrentStreams(100)
	eagerPings      = grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true})
)

// cancelled counts the calls whose client went before they ended.
var cancelled atomic.Int64

func serveGRPC(options ...grpc.ServerOption) func(net.Listener) error {
	options = append(options, eagerPings, grpc.MaxRecvMsgSize(64<<20), grpc.UnknownServiceHandler(call))
	return grpc.NewServer(options...).Serve
}

// call does what the method's name says; what it does not know echoes each message.
func call(_ any, s grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(s)
	_, name, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	switch name {
	case "Refuse": // before it reads: the answer is trailers alone
		return status.Error(codes.PermissionDenied, "not you: é %")
	case "Cancelled":
		return reply(s, []byte(strconv.FormatInt(cancelled.Load(), 10)))
	case "Metadata":
		return metadataBack(s)
	case "Sum":
		return sum(s)
	}
	var message []byte
	for {
		if err := s.RecvMsg(&message); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := respond(s, name, message); err != nil {
			return err
		}
	}
}

// respond answers one message.
func respond(s grpc.ServerStream, name string, message []byte) error {
	switch name {
	case "Hold": // says one thing and waits for the client to go
		if err := s.SendMsg(&message); err != nil {
			return err
		}
		<-s.Context().Done()
		cancelled.Add(1)
		return s.Context().Err()
	case "Fail":
		s.SetTrailer(metadata.Pairs("x-detail", "why", "x-detail-bin", "\x00\xff"))
		return status.Error(codes.FailedPrecondition, "not now: é %")
	case "Big": // so many MiB as the message says
		mib, _ := strconv.Atoi(string(message))
		message = make([]byte, mib<<20)
	case "Wait":
		time.Sleep(duration(string(message)))
	case "Count": // so many messages as the message says
		n, _ := strconv.Atoi(string(message))
		for range n {
			if err := s.SendMsg(&message); err != nil {
				return err
			}
		}
		return nil
	}
	return s.SendMsg(&message)
}

func reply(s grpc.ServerStream, message []byte) error { return s.SendMsg(&message) }

// metadataBack sends what the client said of itself back in the header, and whether it set a deadline.
func metadataBack(s grpc.ServerStream) error {
	in, _ := metadata.FromIncomingContext(s.Context())
	out := metadata.MD{}
	for _, name := range []string{"x-text", "x-bin"} {
		out.Set(name, in.Get(name)...)
	}
	if err := s.SetHeader(out); err != nil {
		return err
	}
	_, deadline := s.Context().Deadline()
	return reply(s, []byte("deadline: "+strconv.FormatBool(deadline)))
}

// sum reads all messages and tells how many bytes they had.
func sum(s grpc.ServerStream) error {
	var total int
	for {
		var message []byte
		err := s.RecvMsg(&message)
		if errors.Is(err, io.EOF) {
			return reply(s, []byte(strconv.Itoa(total)))
		}
		if err != nil {
			return err
		}
		total += len(message)
	}
}
