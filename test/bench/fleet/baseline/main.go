package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	serverv3 "github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"

	"github.com/weft-mesh/weft/test/bench/fleet/replay"
)

func main() {
	file := flag.String("recording", "", "what is served")
	kind := flag.String("server", "floor", "who serves it: gcp-linear, gcp-snapshot, floor")
	flag.Parse()
	if err := run(*file, *kind); err != nil {
		fmt.Fprintln(os.Stderr, "baseline:", err)
		os.Exit(1)
	}
}

func run(file, kind string) error {
	recording, err := replay.Read(file)
	if err != nil {
		return err
	}
	server, handler, err := newServer(kind)
	if err != nil {
		return err
	}
	if err := server.Apply(recording.Resources); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	// The transport is tuned as weft's is: what differs is the cache.
	g := grpc.NewServer(
		grpc.ReadBufferSize(4<<10), grpc.WriteBufferSize(32<<10),
		grpc.InitialWindowSize(1<<20), grpc.InitialConnWindowSize(1<<20), grpc.MaxRecvMsgSize(64<<20),
	)
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(g, handler)
	go func() {
		if err := g.Serve(l); err != nil {
			fmt.Fprintln(os.Stderr, "baseline:", err)
		}
	}()
	return replay.Obey(os.Stdin, os.Stdout, l.Addr().String(), recording, server)
}

func newServer(kind string) (replay.Server, discoveryv3.AggregatedDiscoveryServiceServer, error) {
	ctx := context.Background()
	switch kind {
	case "floor":
		f := newFloor()
		return f, f, nil
	case "gcp-linear":
		l := newLinear()
		return l, serverv3.NewServer(ctx, l.mux(), nil), nil
	case "gcp-snapshot":
		s := newSnapshots()
		return s, serverv3.NewServer(ctx, s.cache, s.callbacks()), nil
	}
	return nil, nil, fmt.Errorf("%q is no server", kind)
}
