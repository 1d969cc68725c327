package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
)

const typePrefix = "type.googleapis.com/envoy.config."

var typeURLs = []string{
	typePrefix + "cluster.v3.Cluster", typePrefix + "endpoint.v3.ClusterLoadAssignment",
	typePrefix + "listener.v3.Listener", typePrefix + "route.v3.ScopedRouteConfiguration",
}

// stream is what a client that misbehaves has to do so.
type stream = discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesClient

// misbehaviour is what a client does on a stream of its own, again and again.
type misbehaviour struct {
	name string
	do   func(s stream) error
	// stranger tells that it has no token, and an address of its own.
	stranger bool
}

var misbehaviours = []misbehaviour{
	{name: "reconnects-in-a-loop", do: func(stream) error { return nil }},
	{name: "refuses-everything", do: refuse},
	{name: "reads-nothing", do: readNothing},
	{name: "asks-for-a-million-names", do: askForEverything},
	{name: "asks-and-never-answers", do: neverAnswer},
	{name: "connects-without-a-token", do: drain, stranger: true},
}

// strangersAddress is where those come from who have no token.
var strangersAddress = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}

// misbehave connects anew each time that it is cut off, until ctx ends.
func (m misbehaviour) misbehave(ctx context.Context, address, token string, trust *tls.Config) (connects int) {
	for ctx.Err() == nil {
		_ = m.once(ctx, address, token, trust) // it is cut off: that is the point
		connects++
	}
	return connects
}

func (m misbehaviour) once(ctx context.Context, address, token string, trust *tls.Config) error {
	var dialer net.Dialer
	if m.stranger {
		token, dialer.LocalAddr = "none", strangersAddress
	}
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(credentials.NewTLS(trust)),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", address)
		}))
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // it is over
	s, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(
		metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token))
	if err != nil {
		return err
	}
	if err := s.Send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: typeURLs[0]}); err != nil {
		return err
	}
	if _, err := s.Recv(); err != nil {
		return err
	}
	return m.do(s)
}

// ask subscribes to all of each type, or to names where there are some.
func ask(s stream, names ...string) error {
	for _, url := range typeURLs {
		if err := s.Send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: url, ResourceNamesSubscribe: append(names[:len(names):len(names)], "*")}); err != nil {
			return err
		}
	}
	return nil
}

func refuse(s stream) error {
	if err := ask(s); err != nil {
		return err
	}
	for {
		r, err := s.Recv()
		if err != nil {
			return err
		}
		no := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: r.GetTypeUrl(), ResponseNonce: r.GetNonce(), ErrorDetail: &rpcstatus.Status{Code: 3, Message: "no"}}
		if err := s.Send(no); err != nil {
			return err
		}
	}
}

func readNothing(s stream) error {
	for {
		// Each question has an answer, until nothing more fits.
		if err := ask(s, "x"); err != nil {
			return err
		}
	}
}

func askForEverything(s stream) error {
	names := make([]string, 1_000_000)
	for i := range names {
		names[i] = fmt.Sprint("n", i)
	}
	if err := ask(s, names...); err != nil {
		return err
	}
	return drain(s)
}

func neverAnswer(s stream) error {
	go func() {
		for i := 0; ask(s, fmt.Sprint("direct|198.18.255.1:", 1+i%60_000)) == nil; i++ {
			continue // until it is cut off
		}
	}()
	return drain(s)
}

func drain(s stream) error {
	for {
		if _, err := s.Recv(); err != nil {
			return err
		}
	}
}
