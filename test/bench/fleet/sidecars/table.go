package sidecars

import (
	"sync"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
)

// Kind is a type of resource.
type Kind uint8

// The kinds, in the order in which a sidecar asks.
const (
	Cluster Kind = iota
	Listener
	Endpoint
	ScopedRoute
	Route
	Secret
	kinds
)

var urls = [kinds]string{
	Cluster:     "type.googleapis.com/envoy.config.cluster.v3.Cluster",
	Listener:    "type.googleapis.com/envoy.config.listener.v3.Listener",
	Endpoint:    "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
	ScopedRoute: "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration",
	Route:       "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
	Secret:      "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
}

// URL is the kind's in requests.
func (k Kind) URL() string { return urls[k] }

func kindOf(url []byte) Kind {
	for k, u := range urls {
		if u == string(url) {
			return Kind(k)
		}
	}
	return kinds
}

// named is a resource by kind and name. Its index in the table is its number.
type named struct {
	kind Kind
	name string
}

// version is one version of one resource: what it leads a sidecar to ask for.
type version struct {
	text string
	// refs are the numbers of the endpoints and routes that it names.
	refs []int32
	// scoped tells of a listener that looks routes up by scope.
	scoped bool
}

type versionKey struct {
	name int32
	text string
}

// table decodes each version of each resource once for the whole fleet.
type table struct {
	mu         sync.RWMutex
	numbers    [kinds]map[string]int32
	names      []named
	versions   []version
	versionsBy map[versionKey]int32
}

func newTable() *table {
	t := &table{versionsBy: map[versionKey]int32{}}
	for k := range t.numbers {
		t.numbers[k] = map[string]int32{}
	}
	return t
}

// number is that of a resource's name.
func (t *table) number(k Kind, name []byte) int32 {
	t.mu.RLock()
	n, ok := t.numbers[k][string(name)]
	t.mu.RUnlock()
	if ok {
		return n
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.add(k, string(name))
}

func (t *table) add(k Kind, name string) int32 {
	n, ok := t.numbers[k][name]
	if !ok {
		n = int32(len(t.names))
		t.names = append(t.names, named{k, name})
		t.numbers[k][name] = n
	}
	return n
}

func (t *table) named(n int32) named {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.names[n]
}

func (t *table) version(v int32) version {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.versions[v]
}

// size is how many names there are.
func (t *table) size() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.names)
}

// versionOf is the number of a resource's version; body is decoded if it is new.
func (t *table) versionOf(name int32, text, body []byte) (int32, error) {
	t.mu.RLock()
	v, ok := t.versionsBy[versionKey{name, string(text)}]
	t.mu.RUnlock()
	if ok {
		return v, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	key := versionKey{name, string(text)}
	if v, ok := t.versionsBy[key]; ok {
		return v, nil
	}
	made, err := t.decode(t.names[name].kind, body)
	if err != nil {
		return 0, err
	}
	made.text = key.text
	t.versions = append(t.versions, made)
	v = int32(len(t.versions) - 1)
	t.versionsBy[key] = v
	return v, nil
}

// decode finds what a resource names. It is called with the lock held.
func (t *table) decode(k Kind, body []byte) (version, error) {
	var v version
	switch k {
	case Cluster:
		c := &clusterv3.Cluster{}
		if err := proto.Unmarshal(body, c); err != nil {
			return v, err
		}
		if c.GetEdsClusterConfig() != nil {
			name := c.GetEdsClusterConfig().GetServiceName()
			if name == "" {
				name = c.GetName()
			}
			v.refs = []int32{t.add(Endpoint, name)}
		}
	case Listener:
		l := &listenerv3.Listener{}
		if err := proto.Unmarshal(body, l); err != nil {
			return v, err
		}
		chains := l.GetFilterChains()
		if l.GetDefaultFilterChain() != nil {
			chains = append(chains, l.GetDefaultFilterChain())
		}
		for _, c := range chains {
			t.decodeChain(c, &v)
		}
	}
	return v, nil
}

func (t *table) decodeChain(c *listenerv3.FilterChain, v *version) {
	for _, f := range c.GetFilters() {
		h := &hcmv3.HttpConnectionManager{}
		if f.GetTypedConfig().UnmarshalTo(h) != nil {
			continue // not one
		}
		if name := h.GetRds().GetRouteConfigName(); name != "" {
			v.refs = append(v.refs, t.add(Route, name))
		}
		v.scoped = v.scoped || h.GetScopedRoutes().GetScopedRds() != nil
	}
}
