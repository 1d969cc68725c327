package model

import (
	"cmp"
	"strings"
)

// Key names an object within its kind.
type Key struct {
	Namespace string
	Name      string
}

// String gives "namespace/name".
func (k Key) String() string { return k.Namespace + "/" + k.Name }

// Compare orders keys by namespace, then name.
func (k Key) Compare(o Key) int {
	return cmp.Or(strings.Compare(k.Namespace, o.Namespace), strings.Compare(k.Name, o.Name))
}

// Kind tells what an object is. The values are Kubernetes' own.
type Kind string

// The kinds that weft reads.
const (
	KindMeshConfig     Kind = "MeshConfig"
	KindNamespace      Kind = "Namespace"
	KindService        Kind = "Service"
	KindEndpointSlice  Kind = "EndpointSlice"
	KindPod            Kind = "Pod"
	KindTrafficSplit   Kind = "TrafficSplit"
	KindTrafficTarget  Kind = "TrafficTarget"
	KindHTTPRouteGroup Kind = "HTTPRouteGroup"
	KindTCPRoute       Kind = "TCPRoute"
	KindUDPRoute       Kind = "UDPRoute"
	// KindIdentityBinding is behind the feature gate of its name.
	KindIdentityBinding Kind = "IdentityBinding"
)

// Ref names one object of the cluster.
type Ref struct {
	Kind Kind
	Key
}

// String gives "Kind namespace/name".
func (r Ref) String() string { return string(r.Kind) + " " + r.Key.String() }

// Compare orders references by kind, then key.
func (r Ref) Compare(o Ref) int {
	return cmp.Or(strings.Compare(string(r.Kind), string(o.Kind)), r.Key.Compare(o.Key))
}

// Identity is a Kubernetes service account: the one thing that SMI's access
// control speaks of (TrafficTarget v1alpha3, IdentityBindingSubject).
type Identity Key

// String gives "namespace/name".
func (i Identity) String() string { return Key(i).String() }

// Compare orders identities by namespace, then name.
func (i Identity) Compare(o Identity) int { return Key(i).Compare(Key(o)) }

// SPIFFEID is the identity's URI within a trust domain, as in its certificate.
func (i Identity) SPIFFEID(trustDomain string) string {
	var b [128]byte // most are shorter
	return string(i.AppendSPIFFEID(b[:0], trustDomain))
}

// AppendSPIFFEID adds what SPIFFEID gives.
func (i Identity) AppendSPIFFEID(b []byte, trustDomain string) []byte {
	b = append(append(b, "spiffe://"...), trustDomain...)
	b = append(append(b, "/ns/"...), i.Namespace...)
	return append(append(b, "/sa/"...), i.Name...)
}

// ServicePort names one port of a Service by number; it names its cluster too.
// A TCP port and a UDP port of one number are two ports.
type ServicePort struct {
	Service Key
	Port    uint16
	UDP     bool
}

// Compare orders ports by service, then number, TCP before UDP.
func (p ServicePort) Compare(o ServicePort) int {
	return cmp.Or(p.Service.Compare(o.Service), cmp.Compare(p.Port, o.Port), CompareBool(p.UDP, o.UDP))
}

// CompareBool orders false before true.
func CompareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}
