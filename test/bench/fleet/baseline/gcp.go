package main

import (
	"context"
	"strconv"
	"sync"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	serverv3 "github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/weft-mesh/weft/test/bench/fleet/replay"
)

var urls = []string{resourcev3.ClusterType, resourcev3.EndpointType, resourcev3.RouteType, resourcev3.ScopedRouteType, resourcev3.ListenerType, resourcev3.SecretType}

func decode(r replay.Resource) (types.Resource, error) {
	return (&anypb.Any{TypeUrl: r.TypeURL, Value: r.Body}).UnmarshalNew()
}

// linear has one LinearCache for each type.
type linear struct {
	caches map[string]*cachev3.LinearCache
}

func newLinear() *linear {
	l := &linear{caches: map[string]*cachev3.LinearCache{}}
	for _, url := range urls {
		l.caches[url] = cachev3.NewLinearCache(url)
	}
	return l
}

func (l *linear) mux() *cachev3.MuxCache {
	m := &cachev3.MuxCache{
		Classify:      func(r *cachev3.Request) string { return r.GetTypeUrl() },
		ClassifyDelta: func(r *cachev3.DeltaRequest) string { return r.GetTypeUrl() },
		Caches:        map[string]cachev3.Cache{},
	}
	for url, c := range l.caches {
		m.Caches[url] = c
	}
	return m
}

// Apply updates each cache once.
func (l *linear) Apply(changes []replay.Resource) error {
	changed, removed := map[string]map[string]types.Resource{}, map[string][]string{}
	for _, c := range changes {
		if c.Body == nil {
			removed[c.TypeURL] = append(removed[c.TypeURL], c.Name)
			continue
		}
		r, err := decode(c)
		if err != nil {
			return err
		}
		if changed[c.TypeURL] == nil {
			changed[c.TypeURL] = map[string]types.Resource{}
		}
		changed[c.TypeURL][c.Name] = r
	}
	for _, url := range urls {
		if len(changed[url])+len(removed[url]) == 0 {
			continue
		}
		if err := l.caches[url].UpdateResources(changed[url], removed[url]); err != nil {
			return err
		}
	}
	return nil
}

// snapshots has one SnapshotCache, with a snapshot for each proxy.
type snapshots struct {
	cache cachev3.SnapshotCache

	mu        sync.Mutex
	resources map[string]map[string]types.Resource
	nodes     map[string]bool
	version   int
}

func newSnapshots() *snapshots {
	s := &snapshots{cache: cachev3.NewSnapshotCache(false, cachev3.IDHash{}, nil), resources: map[string]map[string]types.Resource{}, nodes: map[string]bool{}}
	for _, url := range urls {
		s.resources[url] = map[string]types.Resource{}
	}
	return s
}

// callbacks has a snapshot made for each proxy that comes.
func (s *snapshots) callbacks() serverv3.Callbacks {
	return serverv3.CallbackFuncs{StreamDeltaRequestFunc: func(_ int64, r *discoveryv3.DeltaDiscoveryRequest) error {
		return s.join(r.GetNode())
	}}
}

func (s *snapshots) join(node *corev3.Node) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := node.GetId()
	if id == "" || s.nodes[id] {
		return nil
	}
	s.nodes[id] = true
	return s.set(id)
}

// set is called with the lock held.
func (s *snapshots) set(node string) error {
	all := map[string][]types.Resource{}
	for url, named := range s.resources {
		for _, r := range named {
			all[url] = append(all[url], r)
		}
	}
	snapshot, err := cachev3.NewSnapshot(strconv.Itoa(s.version), all)
	if err != nil {
		return err
	}
	return s.cache.SetSnapshot(context.Background(), node, snapshot)
}

// Apply sets a new snapshot for each proxy.
func (s *snapshots) Apply(changes []replay.Resource) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range changes {
		if c.Body == nil {
			delete(s.resources[c.TypeURL], c.Name)
			continue
		}
		r, err := decode(c)
		if err != nil {
			return err
		}
		s.resources[c.TypeURL][c.Name] = r
	}
	s.version++
	for node := range s.nodes {
		if err := s.set(node); err != nil {
			return err
		}
	}
	return nil
}
