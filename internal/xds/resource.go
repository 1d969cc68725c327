package xds

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// Type is one of the xDS resource types that weft serves.
type Type uint8

// The types, in the order in which a change is sent (make before break).
const (
	Cluster Type = iota
	Endpoint
	Route
	ScopedRoute
	Listener
	Secret
	numTypes
)

var typeURLs = [numTypes]string{
	Cluster:     "type.googleapis.com/envoy.config.cluster.v3.Cluster",
	Endpoint:    "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
	Route:       "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
	ScopedRoute: "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration",
	Listener:    "type.googleapis.com/envoy.config.listener.v3.Listener",
	Secret:      "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
}

// URL is the type's URL in discovery requests.
func (t Type) URL() string { return typeURLs[t] }

// String is the short name used in logs and metrics: CDS, EDS and so on.
func (t Type) String() string {
	return [...]string{"CDS", "EDS", "RDS", "SRDS", "LDS", "SDS"}[t]
}

// TypeOf finds the type of a URL.
func TypeOf(url string) (Type, bool) {
	i := slices.Index(typeURLs[:], url)
	return Type(i), i >= 0
}

// Resource is one resource, encoded and hashed once for the whole fleet. It is
// immutable: the same pointer means the same bytes.
type Resource struct {
	Name string
	// Version is a hash of the bytes.
	Version string
	Body    *anypb.Any
}

var deterministic = proto.MarshalOptions{Deterministic: true}

// NewResource encodes a message.
func NewResource(name string, m proto.Message) (*Resource, error) {
	b, err := deterministic.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", name, err)
	}
	sum := sha256.Sum256(b)
	body := &anypb.Any{TypeUrl: "type.googleapis.com/" + string(m.ProtoReflect().Descriptor().FullName()), Value: b}
	return &Resource{Name: name, Version: hex.EncodeToString(sum[:8]), Body: body}, nil
}

// Set is an immutable set of resources of one type, by name.
type Set struct {
	byName map[string]*Resource
}

var emptySet = &Set{}

// NewSet makes a set. Of two resources of one name the last wins.
func NewSet(rs ...*Resource) *Set {
	m := make(map[string]*Resource, len(rs))
	for _, r := range rs {
		m[r.Name] = r
	}
	return &Set{byName: m}
}

// Get finds a resource by name; nil where there is none.
func (s *Set) Get(name string) *Resource { return s.byName[name] }

// Len counts the resources.
func (s *Set) Len() int { return len(s.byName) }

// Names lists the names in order.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.byName)) }

// Equal tells whether two sets hold the very same resources.
func (s *Set) Equal(o *Set) bool { return s == o || maps.Equal(s.byName, o.byName) }

// Snapshot is all that a proxy class is to run. It is immutable, and shared by
// every proxy of the class. Secrets are not in it: they belong to one proxy.
type Snapshot struct {
	sets [numTypes]*Set
}

// NewSnapshot makes a snapshot of sets by type; a missing one is empty.
func NewSnapshot(sets map[Type]*Set) *Snapshot {
	s := &Snapshot{}
	for t := range s.sets {
		s.sets[t] = emptySet
		if set := sets[Type(t)]; set != nil {
			s.sets[t] = set
		}
	}
	return s
}

// Set gives the resources of one type.
func (s *Snapshot) Set(t Type) *Set { return s.sets[t] }
