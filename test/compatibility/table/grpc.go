package table

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/weft-mesh/weft/test/compatibility/server"
)

// channel opens a gRPC channel to a port of the usual Service. It does not try again by itself.
func channel(address string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///"+address, append(options,
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableServiceConfig(),
		grpc.WithDefaultCallOptions(grpc.CallContentSubtype(server.Raw{}.Name()), grpc.MaxCallRecvMsgSize(64<<20)))...)
}

// overChannel is a case that has a channel of its own.
func overChannel(port int, do func(context.Context, *grpc.ClientConn) string, options ...grpc.DialOption) func(context.Context, Target) string {
	return func(ctx context.Context, t Target) string {
		c, err := channel(t.App(port), options...)
		if err != nil {
			return err.Error()
		}
		defer func() { _ = c.Close() }()
		return do(ctx, c)
	}
}

func invoke(ctx context.Context, c *grpc.ClientConn, method, message string, options ...grpc.CallOption) ([]byte, error) {
	in, out := []byte(message), []byte(nil)
	err := c.Invoke(ctx, "/test.Test/"+method, &in, &out, options...)
	return out, err
}

// outcome is a status's code and message; "OK" where there is no error.
func outcome(err error) string {
	if err == nil {
		return "OK"
	}
	s := status.Convert(err)
	return fmt.Sprintf("%v %s", s.Code(), s.Message())
}

// unary calls a method n times, so many at a time, within a time each, and counts the outcomes.
func unary(method, message string, n, workers int, within time.Duration, options ...grpc.CallOption) func(context.Context, *grpc.ClientConn) string {
	return func(ctx context.Context, c *grpc.ClientConn) string {
		return repeat(n, workers, func(int) string {
			ctx, cancel := context.WithTimeout(ctx, within)
			defer cancel()
			_, err := invoke(ctx, c, method, message, options...)
			return outcome(err)
		})
	}
}

// grpcCases are calls and streams of gRPC.
func grpcCases() []Case { return append(grpcCalls(), grpcStreams()...) }

func grpcCalls() []Case {
	return []Case{
		{
			Name: "1,500 streams on one channel", From: "istio#4940, istio#7061, envoy#3076",
			Do: overChannel(server.PortGRPC, hold(1500)), Want: "1500 × first message",
		},
		{
			Name: "400 calls at once at who takes a hundred streams", From: "grpc-java#9566",
			Do: overChannel(server.PortHundred, unary("Wait", "20ms", 800, 400, 60*time.Second)), Want: "800 × OK",
		},
		{
			Name: "a server that ends its connections each second", From: "linkerd2#4262, grpc-java#9566, istio#57357",
			Do: overChannel(server.PortAged, unary("Wait", "20ms", 1500, 20, 20*time.Second)), Want: "1500 × OK",
		},
		{
			Name: "status, message and trailers of gRPC", From: "envoy#3076",
			Do: overChannel(server.PortGRPC, fails), Want: `FailedPrecondition not now: é %, x-detail [why], x-detail-bin ["\x00\xff"]`,
		},
		{
			Name: "an answer of trailers alone", From: "istio#6981",
			Do: overChannel(server.PortGRPC, unary("Refuse", "x", 1, 1, 5*time.Second)), Want: "1 × PermissionDenied not you: é %",
		},
		{
			Name: "messages of 16 MB", From: "istio#15708",
			Do: overChannel(server.PortGRPC, unary("Big", "16", 3, 1, 30*time.Second)), Want: "3 × OK",
		},
		{
			Name: "compressed messages", From: "envoy#3076",
			Do: overChannel(server.PortGRPC, unary("Echo", "hello", 3, 1, 5*time.Second, grpc.UseCompressor(gzip.Name))), Want: "3 × OK",
		},
		{
			Name: "a deadline that passes", From: "istio#6981",
			Do: overChannel(server.PortGRPC, func(ctx context.Context, c *grpc.ClientConn) string {
				ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
				defer cancel()
				start := time.Now()
				_, err := invoke(ctx, c, "Wait", "5s")
				// Client and server both see it pass, and who is first names it.
				return fmt.Sprintf("in time: %v, an answer: %v", time.Since(start) < 3*time.Second, err == nil)
			}), Want: "in time: true, an answer: false",
		},
		{
			Name: "metadata, text and binary, and the deadline", From: "envoy#3076",
			Do: overChannel(server.PortGRPC, metadataBack), Want: `"deadline: true" x-text [e] x-bin ["\x00\xff"]`,
		},
	}
}

func grpcStreams() []Case {
	return []Case{
		{
			Name: "a client that streams 2,000 messages", From: "envoy#3076",
			Do: overChannel(server.PortGRPC, streams("Sum", 2000)), Want: "1 messages back, the last 22000, OK",
		},
		{
			Name: "2,000 messages each way", From: "envoy#3076",
			Do: overChannel(server.PortGRPC, streams("Echo", 2000)), Want: "2000 messages back, the last hello hello, OK",
		},
		{
			Name: "a client that cancels is heard", From: "istio#6981",
			Do: overChannel(server.PortGRPC, cancels), Want: "the server heard",
		},
		{
			Name: "pings each 10 s without a call for 40 s", From: "istio#57804, istio#57803", Slow: true,
			Do: func(ctx context.Context, t Target) string {
				return overChannel(server.PortGRPC, idle(t.Wait(40*time.Second)), pings)(ctx, t)
			}, Want: "OK, OK",
		},
		{
			Name: "a call of 70 s", From: "linkerd2#12964", Slow: true,
			Do: func(ctx context.Context, t Target) string {
				return overChannel(server.PortGRPC, unary("Wait", t.Wait(70*time.Second).String(), 1, 1, 90*time.Second))(ctx, t)
			}, Want: "1 × OK",
		},
		{
			Name: "an unknown content type at a gRPC port", From: "istio#50244",
			Do: exchange{port: server.PortGRPC, send: request("POST /test.Test/Echo", "x", "Content-Type: text/plain")}.do, Want: "reset",
			Mesh: &Difference{"415", "the sidecar takes HTTP/1.1 too and asks in HTTP/2; gRPC answers 415 to that"},
		},
	}
}

// pings has a channel ask each ten seconds whether the other side is there.
var pings = grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second, PermitWithoutStream: true})

func fails(ctx context.Context, c *grpc.ClientConn) string {
	var trailer metadata.MD
	_, err := invoke(ctx, c, "Fail", "x", grpc.Trailer(&trailer))
	return fmt.Sprintf("%s, x-detail %v, x-detail-bin %q", outcome(err), trailer.Get("x-detail"), trailer.Get("x-detail-bin"))
}

func metadataBack(ctx context.Context, c *grpc.ClientConn) string {
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(ctx, "x-text", "e", "x-bin", "\x00\xff"), 5*time.Second)
	defer cancel()
	var header metadata.MD
	back, err := invoke(ctx, c, "Metadata", "x", grpc.Header(&header))
	if err != nil {
		return outcome(err)
	}
	return fmt.Sprintf("%q x-text %v x-bin %q", back, header.Get("x-text"), header.Get("x-bin"))
}

// streams sends n messages on one stream while it reads what comes back.
func streams(method string, n int) func(context.Context, *grpc.ClientConn) string {
	return func(ctx context.Context, c *grpc.ClientConn) string {
		s, err := c.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/test.Test/"+method)
		if err != nil {
			return outcome(err)
		}
		go func() {
			message := []byte("hello hello")
			for range n {
				if s.SendMsg(&message) != nil {
					return
				}
			}
			_ = s.CloseSend()
		}()
		var back int
		var last []byte
		for {
			var message []byte
			if err := s.RecvMsg(&message); errors.Is(err, io.EOF) {
				return fmt.Sprintf("%d messages back, the last %s, OK", back, last)
			} else if err != nil {
				return fmt.Sprintf("%d messages back, then %s", back, outcome(err))
			}
			back, last = back+1, message
		}
	}
}

// open starts a stream on which the server says one thing and then waits.
func open(ctx context.Context, c *grpc.ClientConn) error {
	s, err := c.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/test.Test/Hold")
	if err != nil {
		return err
	}
	message := []byte("x")
	if err := s.SendMsg(&message); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := s.CloseSend(); err != nil {
		return err
	}
	return s.RecvMsg(&message)
}

// hold opens n streams that all stay open.
func hold(n int) func(context.Context, *grpc.ClientConn) string {
	return func(ctx context.Context, c *grpc.ClientConn) string {
		ctx, cancel := context.WithTimeout(ctx, 25*time.Second)
		defer cancel()
		var t tally
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				if err := open(ctx, c); err != nil {
					t.add(outcome(err))
				} else {
					t.add("first message")
				}
			})
		}
		all.Wait()
		return t.String()
	}
}

// cancels opens a stream, goes, and asks the server whether it knows.
func cancels(ctx context.Context, c *grpc.ClientConn) string {
	before, err := invoke(ctx, c, "Cancelled", "x")
	if err != nil {
		return outcome(err)
	}
	streaming, cancel := context.WithCancel(ctx)
	err = open(streaming, c)
	cancel()
	if err != nil {
		return outcome(err)
	}
	n, _ := strconv.Atoi(string(before))
	for end := time.Now().Add(patience); time.Now().Before(end); pause(ctx, 50*time.Millisecond) {
		after, err := invoke(ctx, c, "Cancelled", "x")
		if err != nil {
			return outcome(err)
		}
		if m, _ := strconv.Atoi(string(after)); m > n {
			return "the server heard"
		}
	}
	return "the server never heard"
}

// idle calls, says nothing for a while, and calls again on the same channel.
func idle(d time.Duration) func(context.Context, *grpc.ClientConn) string {
	return func(ctx context.Context, c *grpc.ClientConn) string {
		_, first := invoke(ctx, c, "Echo", "x")
		pause(ctx, d)
		_, second := invoke(ctx, c, "Echo", "x")
		return outcome(first) + ", " + outcome(second)
	}
}
