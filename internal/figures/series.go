package figures

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
)

// This file alone knows what sidecars' series mean; translators/envoy says what
// they are called.

// uptimeMetric tells a sidecar that has restarted from one that has not.
const uptimeMetric = "envoy_server_uptime"

// filter narrows what a sidecar answers to what is read here, by Envoy's own
// names.
const filter = `^(weft\.|server\.uptime$)`

var (
	seriesPrefix = []byte(envoy.FamilyPrefix)
	uptimePrefix = []byte(uptimeMetric + "{")
)

// family is what all series of one name have in common.
type family struct {
	side     Side
	protocol model.Protocol
	// class is that of a count which no label bears on.
	class class
}

const bucketSuffix = "_bucket"

var families = map[string]family{
	envoy.FamilyServerRequests:                {Server, model.ProtocolHTTP, request},
	envoy.FamilyServerDuration + bucketSuffix: {Server, model.ProtocolHTTP, latency},
	envoy.FamilyServerDenied:                  {Server, "", denied},
	envoy.FamilyServerConnections:             {Server, model.ProtocolTCP, connection},
	envoy.FamilyServerBytesIn:                 {Server, model.ProtocolTCP, bytesIn},
	envoy.FamilyServerBytesOut:                {Server, model.ProtocolTCP, bytesOut},
	envoy.FamilyServerOpenSeconds:             {Server, model.ProtocolTCP, openSeconds},
	envoy.FamilyClientRequests:                {Client, model.ProtocolHTTP, request},
	envoy.FamilyClientDuration + bucketSuffix: {Client, model.ProtocolHTTP, latency},
	envoy.FamilyClientDenied:                  {Client, model.ProtocolHTTP, denied},
	envoy.FamilyClientConnections:             {Client, model.ProtocolTCP, connection},
	envoy.FamilyClientBytesIn:                 {Client, model.ProtocolTCP, bytesIn},
	envoy.FamilyClientBytesOut:                {Client, model.ProtocolTCP, bytesOut},
	envoy.FamilyClientOpenSeconds:             {Client, model.ProtocolTCP, openSeconds},
}

// peerKey is the part of a Key that a series tells; the rest is the pod's.
type peerKey struct {
	side                    Side
	peer                    Workload
	identity                string
	service, split, backend model.Key
	port                    uint16
	protocol                model.Protocol
	// address was called, where the series tells no Service.
	address netip.AddrPort
}

func (k *peerKey) touches(namespace string) bool {
	return k.peer.Namespace == namespace || k.service.Namespace == namespace || k.split.Namespace == namespace || k.backend.Namespace == namespace
}

// maxText bounds what a label says: no name in Kubernetes is longer, nor a
// SPIFFE ID of two of them.
const maxText = 1024

// meaning says of whom a series is, and how what it counts ended; not ok where a
// label holds what no sidecar of ours writes.
func meaning(f family, labels []byte) (key peerKey, how result, ok bool) {
	key = peerKey{side: f.side, protocol: f.protocol}
	ok = eachLabel(labels, func(name []byte, value string) bool {
		if len(value) > maxText || !printable(value) {
			return false
		}
		if value == "" || value == envoy.FlagsNone {
			return true
		}
		return key.set(string(name), value) && how.set(string(name), value)
	})
	return key, how, ok
}

// set takes one label that says who.
func (k *peerKey) set(label, value string) (ok bool) {
	ok = true
	switch label {
	case envoy.LabelPeer:
		var w model.Workload
		k.peer.Namespace, w, ok = model.ParseWorkloadDNSName(value)
		k.peer.Kind, k.peer.Name = w.Kind, w.Name
	case envoy.LabelIdentity:
		k.identity = value
		ok = strings.HasPrefix(value, "spiffe://")
	case envoy.LabelPort:
		n, err := strconv.ParseUint(value, 10, 16)
		k.port, ok = uint16(n), err == nil
	case envoy.LabelProtocol:
		k.protocol = model.Protocol(value)
		ok = value == envoy.ProtocolHTTP || value == envoy.ProtocolTCP || value == envoy.ProtocolUDP
	case envoy.LabelAddress:
		address, err := netip.ParseAddrPort(value)
		k.address, k.port, ok = address, address.Port(), err == nil
	case envoy.LabelService:
		k.service, ok = keyOf(value)
	case envoy.LabelSplit:
		k.split, ok = keyOf(value)
	case envoy.LabelBackend:
		if p, cluster := envoy.ParseClusterName(value); cluster {
			if k.backend == (model.Key{}) {
				k.backend = p.Service
			}
			if k.protocol != model.ProtocolHTTP {
				k.service = p.Service // which a share may be of
			}
		}
	case envoy.LabelShare:
		k.backend, ok = keyOf(value)
	}
	return ok
}

// keyOf reads "namespace/name".
func keyOf(text string) (model.Key, bool) {
	namespace, name, ok := strings.Cut(text, "/")
	return model.Key{Namespace: namespace, Name: name}, ok && namespace != "" && name != ""
}

// printable keeps what would move a terminal's cursor from those who print it.
func printable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
