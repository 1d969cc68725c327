//go:build linux

package pushscrape

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	metricsv3 "github.com/envoyproxy/go-control-plane/envoy/service/metrics/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
)

// The fleet is a process of its own, so that what it costs is not counted: as
// many sidecars as are asked for, each of which says what the real one said.
// Arguments are "answers", the file with what they say and its kind; or "pushes",
// the file, how many they are, how often, and whom they tell.
const fleetVariable = "PUSHSCRAPE_FLEET"

func TestMain(m *testing.M) {
	if arguments := os.Getenv(fleetVariable); arguments != "" {
		if err := fleet(context.Background(), strings.Split(arguments, " ")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// fleetOf starts the fleet; it ends with the benchmark. Its address is where it
// answers, if it does.
func fleetOf(b *testing.B, arguments ...any) (address string) {
	b.Helper()
	process := exec.CommandContext(b.Context(), os.Args[0])
	process.Env = append(os.Environ(), fleetVariable+"="+strings.TrimSpace(fmt.Sprintln(arguments...)))
	process.Stderr = os.Stderr
	out, err := process.StdoutPipe()
	if err == nil {
		err = process.Start()
	}
	if err == nil {
		_, err = fmt.Fscanln(out, &address)
	}
	if err != nil {
		b.Fatalf("start the fleet: %v", err)
	}
	b.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	return address
}

func fleet(ctx context.Context, arguments []string) error {
	text, err := os.ReadFile(arguments[1])
	if err != nil {
		return err
	}
	if arguments[0] == "answers" {
		return answer(ctx, text, arguments[2])
	}
	n, err := strconv.Atoi(arguments[2])
	if err != nil {
		return err
	}
	interval, err := time.ParseDuration(arguments[3])
	if err != nil {
		return err
	}
	return push(ctx, text, n, interval, arguments[4])
}

// answer serves at all addresses of loopback: each sidecar has its own.
func answer(ctx context.Context, text []byte, kind string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "0.0.0.0:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(text)
	})}
	return server.Serve(listener)
}

// push has each sidecar tell its figures over a stream of its own.
func push(ctx context.Context, text []byte, n int, interval time.Duration, to string) error {
	var message metricsv3.StreamMetricsMessage
	if err := proto.Unmarshal(text, &message); err != nil {
		return err
	}
	var streams []metricsv3.MetricsService_StreamMetricsClient
	for range n {
		conn, err := grpc.NewClient(to, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(64<<20)))
		if err != nil {
			return err
		}
		stream, err := metricsv3.NewMetricsServiceClient(conn).StreamMetrics(ctx)
		if err != nil {
			return err
		}
		streams = append(streams, stream)
	}
	fmt.Println("pushing")
	ticker := time.NewTicker(interval / time.Duration(n))
	defer ticker.Stop()
	for i := 0; ; i++ {
		<-ticker.C
		if err := streams[i%n].Send(&message); err != nil {
			return err
		}
	}
}
