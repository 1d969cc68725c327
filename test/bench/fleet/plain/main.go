package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"

	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/test/bench/fleet/replay"
	"github.com/weft-mesh/weft/translators/model"
)

func main() {
	file := flag.String("recording", "", "what is served")
	flag.Parse()
	if err := run(*file); err != nil {
		fmt.Fprintln(os.Stderr, "plain:", err)
		os.Exit(1)
	}
}

func run(file string) error {
	recording, err := replay.Read(file)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	f, address, err := serve(ctx, recording)
	if err != nil {
		return err
	}
	return replay.Obey(os.Stdin, os.Stdout, address, recording, f)
}

// serve serves what was recorded until ctx ends.
func serve(ctx context.Context, recording *replay.Recording) (*fleet, string, error) {
	f := newFleet()
	if err := f.Apply(recording.Resources); err != nil {
		return nil, "", err
	}
	secrets, err := newSecrets()
	if err != nil {
		return nil, "", err
	}
	server, err := xds.New(xds.Options{Fleet: f, Authenticator: believer{}, Secrets: secrets})
	if err != nil {
		return nil, "", err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	go func() {
		if err := server.Serve(ctx, l); err != nil {
			fmt.Fprintln(os.Stderr, "plain:", err)
		}
	}()
	return f, l.Addr().String(), nil
}

// believer takes a token for the name of a pod.
type believer struct{}

// Authenticate believes everybody.
func (believer) Authenticate(_ context.Context, token string) (identity.Peer, error) {
	return identity.Peer{Pod: model.Key{Namespace: "shop", Name: token}, ServiceAccount: model.Identity{Namespace: "shop", Name: "client"}}, nil
}

func newSecrets() (xds.Secrets, error) {
	const domain = "cluster.local"
	root, err := identity.NewRoot(domain, clock.RealClock{})
	if err != nil {
		return nil, err
	}
	ca, err := identity.Load(domain, root, clock.RealClock{})
	if err != nil {
		return nil, err
	}
	authority := &identity.Authority{}
	authority.Set(ca)
	return xds.NewIssuer(xds.IssuerOptions{Authority: authority})
}
