package table

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"

	"github.com/weft-mesh/weft/test/compatibility/server"
)

// Names of cases that the suite measures beside what they say.
const (
	LargeDownload = "a download of 400 MB"
	SlowReaders   = "45 slow readers of 100 MB each"
)

const slowTime = 15 * time.Second

// heavyCases are much data: as fast as it is taken, or slower than it is sent.
func heavyCases() []Case {
	all := []Case{
		{Name: LargeDownload, From: "istio#15708", Want: "419430400 bytes", Do: func(ctx context.Context, t Target) string {
			answer, err := newClient(false, 1).Get("http://" + t.App(server.PortHTTP) + "/flood/400")
			if err != nil {
				return short(err)
			}
			defer answer.Body.Close()
			n, err := io.Copy(io.Discard, answer.Body)
			if err != nil {
				return short(err)
			}
			return fmt.Sprintf("%d bytes", n)
		}},
		{Name: "an upload of 300 MB", From: "istio#36489, envoy#19261", Want: "200 server: 314572800 bytes", Do: func(ctx context.Context, t Target) string {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+t.App(server.PortBoth)+"/x", io.LimitReader(zeros{}, 300<<20))
			if err != nil {
				return err.Error()
			}
			return answered(newClient(false, 1), r, echoView(sawBody))
		}},
		{Name: SlowReaders, From: "istio#15708, istio#42560, istio#24370", Want: "45 × goes on", Do: slowReaders(45, func(ctx context.Context, t Target) (io.ReadCloser, error) {
			answer, err := newClient(false, 1).Get("http://" + t.App(server.PortHTTP) + "/flood/100")
			if err != nil {
				return nil, err
			}
			return answer.Body, nil
		})},
		{Name: "45 slow readers of TCP", From: "istio#38411", Want: "45 × goes on", Do: slowReaders(45, func(ctx context.Context, t Target) (io.ReadCloser, error) {
			c, err := net.Dial("tcp", t.App(server.PortTCP))
			if err == nil {
				_, err = io.WriteString(c, "flood 100\n")
			}
			return c, err
		})},
		{Name: "30 slow streams of gRPC on one channel", From: "istio#15708", Want: "30 × goes on", Do: func(ctx context.Context, t Target) string {
			return overChannel(server.PortGRPC, slowStreams(30, t.Wait(slowTime)))(ctx, t)
		}},
		{Name: "45 uploads of 20 MB to who reads late", From: "istio#42560, istio#24370", Want: "45 × 200 server: 20971520 bytes", Do: func(ctx context.Context, t Target) string {
			body := string(make([]byte, 20<<20))
			c := newClient(false, 45)
			return repeat(45, 45, func(int) string {
				return ask(ctx, c, http.MethodPost, "http://"+t.App(server.PortHTTP)+"/late/"+t.Wait(slowTime).String(), body, nil, echoView(sawBody))
			})
		}},
	}
	for i := range all {
		all[i].Group = Heavy
	}
	return all
}

// slowReaders reads of n sources 10 kB ten times a second, and counts how many go on to the end.
func slowReaders(n int, source func(context.Context, Target) (io.ReadCloser, error)) func(context.Context, Target) string {
	return func(ctx context.Context, t Target) string {
		return repeat(n, n, func(int) string {
			r, err := source(ctx, t)
			if err != nil {
				return short(err)
			}
			defer r.Close()
			some := make([]byte, 10<<10)
			for end := time.Now().Add(t.Wait(slowTime)); time.Now().Before(end); pause(ctx, 100*time.Millisecond) {
				if _, err := io.ReadFull(r, some); err != nil {
					return short(err)
				}
			}
			return "goes on"
		})
	}
}

// slowStreams reads one message of 16 MB a stream, after a while in which it reads nothing.
func slowStreams(n int, after time.Duration) func(context.Context, *grpc.ClientConn) string {
	return func(ctx context.Context, c *grpc.ClientConn) string {
		return repeat(n, n, func(int) string {
			s, err := c.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/test.Test/Big")
			if err != nil {
				return outcome(err)
			}
			message := []byte("16")
			if err := s.SendMsg(&message); err != nil {
				return outcome(err)
			}
			pause(ctx, after)
			if err := s.RecvMsg(&message); err != nil {
				return outcome(err)
			}
			return "goes on"
		})
	}
}
