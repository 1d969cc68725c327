package sidecars

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// Options say what a fleet connects to.
type Options struct {
	Address string
	// TLS is nil for plaintext.
	TLS *tls.Config
	// Tokens are those of the sidecars, one each.
	Tokens []string
	// Keep, if there, sees all that the first is sent.
	Keep Keep
	// Secrets has them ask for a certificate, as sidecars of weft do.
	Secrets []string
}

// Fleet is a number of sidecars.
type Fleet struct {
	options  Options
	table    *table
	sidecars []*Sidecar
	watch    atomic.Pointer[Watch]
	delays   atomic.Pointer[Delays]
	slow     atomic.Int32
	// read and written count the bytes of all connections, answers the
	// acknowledgements.
	read, written, answers, connects atomic.Int64

	stop   context.CancelFunc
	wait   sync.WaitGroup
	failed atomic.Pointer[error]
}

// New makes a fleet that is not connected.
func New(o Options) *Fleet {
	f := &Fleet{options: o, table: newTable()}
	for i, token := range o.Tokens {
		s := &Sidecar{fleet: f, index: i, token: token, complete: make(chan struct{})}
		s.in.table = f.table
		if i == 0 {
			s.in.keep = o.Keep
		}
		f.sidecars = append(f.sidecars, s)
	}
	return f
}

// Connect has all sidecars connect at once, and waits until each has all that
// it asked for.
func (f *Fleet) Connect(ctx context.Context) error {
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	f.stop = stop
	for _, s := range f.sidecars {
		conn, err := f.dial()
		if err != nil {
			return err
		}
		f.wait.Go(func() { s.run(run, conn) })
	}
	for _, s := range f.sidecars {
		select {
		case <-s.complete:
		case <-ctx.Done():
			return fmt.Errorf("sidecar %d did not get all: %w", s.index, errors.Join(ctx.Err(), f.Failure()))
		}
	}
	return nil
}

// Close ends all connections.
func (f *Fleet) Close() {
	if f.stop != nil {
		f.stop()
	}
	f.wait.Wait()
}

// Read and Written are the bytes of all connections so far, Answers the
// acknowledgements, Connects how often a stream was opened.
func (f *Fleet) Read() int64     { return f.read.Load() }
func (f *Fleet) Written() int64  { return f.written.Load() }
func (f *Fleet) Answers() int64  { return f.answers.Load() }
func (f *Fleet) Connects() int64 { return f.connects.Load() }

// Failure is the last reason why a stream ended.
func (f *Fleet) Failure() error {
	if err := f.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// Slow has the last n read slowly from now on. Nobody waits for them.
func (f *Fleet) Slow(n int) { f.slow.Store(int32(n)) }

// The pauses of a sidecar's bootstrap between two attempts.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = time.Second
)

const (
	// receiveBuffer is a sidecar's in the kernel: enough for all that it is sent at
	// first. They share two cores here, and one that has not had its turn would have
	// its connection stall for seconds, which no control plane can help.
	receiveBuffer = 4 << 20
	// maxRoomy is how many there may be for the kernel to have room for that.
	maxRoomy = 1000
)

func (f *Fleet) dial() (*grpc.ClientConn, error) {
	transport := insecure.NewCredentials()
	if f.options.TLS != nil {
		transport = credentials.NewTLS(f.options.TLS)
	}
	return grpc.NewClient("passthrough:///"+f.options.Address,
		grpc.WithTransportCredentials(transport),
		grpc.WithReadBufferSize(2<<10), grpc.WithWriteBufferSize(1<<10),
		// Fixed windows: no pings to find them.
		grpc.WithInitialWindowSize(1<<20), grpc.WithInitialConnWindowSize(1<<20),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: firstPause, Multiplier: 1.6, Jitter: 0.5, MaxDelay: lastPause},
			MinConnectTimeout: 30 * time.Second,
		}),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(codec{}), grpc.MaxCallRecvMsgSize(256<<20), grpc.WaitForReady(true)),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
			if tcp, ok := c.(*net.TCPConn); ok && len(f.sidecars) <= maxRoomy {
				err = tcp.SetReadBuffer(receiveBuffer)
			}
			return counted{c, f}, err
		}),
	)
}

// counted is a connection whose bytes are counted.
type counted struct {
	net.Conn
	fleet *Fleet
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.fleet.read.Add(int64(n))
	return n, err
}

func (c counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.fleet.written.Add(int64(n))
	return n, err
}
