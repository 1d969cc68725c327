package main

import (
	"cmp"
	"slices"
	"strconv"
	"sync"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec that the answers pass by
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/weft-mesh/weft/test/bench/fleet/replay"
)

// floor sends the same bytes to everybody, and knows of each proxy only the
// generation that it is at.
type floor struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer

	mu      sync.Mutex
	types   map[string]*generation
	streams map[chan struct{}]bool
}

// generation is what there is of a type.
type generation struct {
	number    int
	resources map[string]*discoveryv3.Resource
	// all and last are encoded answers: all of it, and the last change.
	all, last []byte
}

func newFloor() *floor {
	encoding.RegisterCodecV2(asIs{encoding.GetCodecV2("proto")})
	f := &floor{types: map[string]*generation{}, streams: map[chan struct{}]bool{}}
	for _, url := range urls {
		f.types[url] = &generation{resources: map[string]*discoveryv3.Resource{}}
	}
	return f
}

// Apply encodes the change once, and wakes everybody.
func (f *floor) Apply(changes []replay.Resource) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, url := range urls {
		of := slices.DeleteFunc(slices.Clone(changes), func(r replay.Resource) bool { return r.TypeURL != url })
		if len(of) == 0 {
			continue
		}
		if err := f.types[url].apply(url, of); err != nil {
			return err
		}
	}
	for wake := range f.streams {
		select {
		case wake <- struct{}{}:
		default: // it is awake
		}
	}
	return nil
}

func (g *generation) apply(url string, changes []replay.Resource) error {
	g.number++
	version := strconv.Itoa(g.number)
	change := &discoveryv3.DeltaDiscoveryResponse{TypeUrl: url, Nonce: version}
	for _, c := range changes {
		if c.Body == nil {
			delete(g.resources, c.Name)
			change.RemovedResources = append(change.RemovedResources, c.Name)
			continue
		}
		r := &discoveryv3.Resource{Name: c.Name, Version: version, Resource: &anypb.Any{TypeUrl: url, Value: c.Body}}
		g.resources[c.Name] = r
		change.Resources = append(change.Resources, r)
	}
	all := &discoveryv3.DeltaDiscoveryResponse{TypeUrl: url, Nonce: version}
	for _, r := range g.resources {
		all.Resources = append(all.Resources, r)
	}
	slices.SortFunc(all.Resources, func(a, b *discoveryv3.Resource) int { return cmp.Compare(a.GetName(), b.GetName()) })
	var err error
	if g.last, err = proto.Marshal(change); err != nil {
		return err
	}
	g.all, err = proto.Marshal(all)
	return err
}

// DeltaAggregatedResources serves one proxy.
func (f *floor) DeltaAggregatedResources(s discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesServer) error {
	wake := make(chan struct{}, 1)
	f.mu.Lock()
	f.streams[wake] = true
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.streams, wake)
	}()
	asked := make(chan string)
	failed := make(chan error, 1)
	go func() {
		for {
			r, err := s.Recv()
			if err != nil {
				failed <- err
				return
			}
			if r.GetResponseNonce() != "" {
				continue // nobody keeps what was acknowledged
			}
			select {
			case asked <- r.GetTypeUrl():
			case <-s.Context().Done():
				return
			}
		}
	}()
	at := map[string]int{}
	for {
		var out [][]byte
		select {
		case err := <-failed:
			return err
		case url := <-asked:
			out = f.first(at, url)
		case <-wake:
			out = f.since(at)
		}
		for _, b := range out {
			if err := s.(grpc.ServerStream).SendMsg(b); err != nil {
				return err
			}
		}
	}
}

// first is all of a type, for the first that asks for it.
func (f *floor) first(at map[string]int, url string) [][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	g := f.types[url]
	if _, ok := at[url]; ok || g == nil {
		return nil
	}
	if at[url] = g.number; g.number == 0 {
		return nil
	}
	return [][]byte{g.all}
}

// since is what came after the generations that a proxy is at.
func (f *floor) since(at map[string]int) [][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out [][]byte
	for url, n := range at {
		g := f.types[url]
		switch g.number - n {
		case 0:
			continue
		case 1:
			out = append(out, g.last)
		default:
			out = append(out, g.all)
		}
		at[url] = g.number
	}
	return out
}

// asIs sends bytes as they are, and all else as proto does.
type asIs struct {
	encoding.CodecV2
}

// Marshal encodes a message.
func (c asIs) Marshal(v any) (mem.BufferSlice, error) {
	if b, ok := v.([]byte); ok {
		return mem.BufferSlice{mem.SliceBuffer(b)}, nil
	}
	return c.CodecV2.Marshal(v)
}
