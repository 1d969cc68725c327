package xds

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
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
	// wire is the resource as a field of a DeltaDiscoveryResponse. The message is
	// its end.
	wire []byte
}

var deterministic = proto.MarshalOptions{Deterministic: true}

// NewResource encodes a message.
func NewResource(name string, m proto.Message) (*Resource, error) {
	b, err := deterministic.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", name, err)
	}
	return newResource(name, version(b), "type.googleapis.com/"+string(m.ProtoReflect().Descriptor().FullName()), b), nil
}

// EncodedResource is a message that is encoded already. It keeps a copy.
func EncodedResource(t Type, name string, value []byte) *Resource {
	return newResource(name, version(value), t.URL(), value)
}

func version(value []byte) string {
	sum := sha256.Sum256(value)
	var text [16]byte
	hex.Encode(text[:], sum[:8])
	return string(text[:])
}

func newResource(name, version, url string, value []byte) *Resource {
	r := &Resource{Name: name, Version: version}
	r.wire = r.encode(url, value)
	return r
}

// Field numbers of envoy.service.discovery.v3.Resource and of Any.
const (
	resourceVersion = 1
	resourceBody    = 2
	resourceName    = 3
	anyTypeURL      = 1
	anyValue        = 2
)

// encode writes a resource as field "resources" of a DeltaDiscoveryResponse.
func (r *Resource) encode(url string, value []byte) []byte {
	body := fieldSize(anyTypeURL, len(url)) + fieldSize(anyValue, len(value))
	size := fieldSize(resourceName, len(r.Name)) + fieldSize(resourceVersion, len(r.Version)) + fieldSize(resourceBody, body)
	b := make([]byte, 0, fieldSize(responseResources, size))
	b = appendHead(b, responseResources, size)
	b = appendString(b, resourceName, r.Name)
	b = appendString(b, resourceVersion, r.Version)
	b = appendHead(b, resourceBody, body)
	b = appendString(b, anyTypeURL, url)
	b = appendHead(b, anyValue, len(value))
	return append(b, value...)
}

func fieldSize(n protowire.Number, length int) int {
	return protowire.SizeTag(n) + protowire.SizeBytes(length)
}

func appendHead(b []byte, n protowire.Number, length int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.BytesType), uint64(length))
}

func appendString(b []byte, n protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, n, protowire.BytesType), s)
}
