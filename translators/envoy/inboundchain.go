package envoy

import (
	"strings"

	xdscorev3 "github.com/cncf/xds/go/xds/core/v3"
	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	networkinputsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/matching/common_inputs/network/v3"
)

// chainsOf names the chain for each way in which a port can be called; empty
// for one that closes the connection. Which chain takes what stands here and not
// in the chains themselves, so that a port that gains or loses a way in drains
// none of its others (ADR 27).
type chainsOf struct {
	http  string // requests from a sidecar
	tcp   string // connections from a sidecar
	udp   string // streams from a sidecar that carry datagrams
	plain string // plaintext
	// rest is of plaintext that is no request, where its first bytes are looked at.
	rest    string
	inspect bool
	foreign string // TLS that no sidecar speaks
}

func (c chainsOf) matcher() *xdsmatcherv3.Matcher_OnMatch {
	byALPN := map[string]*xdsmatcherv3.Matcher_OnMatch{
		alpnList(alpnsOfHTTP): chainOrClosed(c.http), alpnList(alpnsOfTCP): chainOrClosed(c.tcp),
	}
	if c.udp != "" {
		byALPN[alpnList(alpnsOfUDP)] = chainName(c.udp)
	}
	tls := exactMap(extension("alpn", &networkinputsv3.ApplicationProtocolInput{}), byALPN)
	tls.OnNoMatch = chainOrClosed(c.foreign)
	m := exactMap(transportProtocol(), map[string]*xdsmatcherv3.Matcher_OnMatch{"tls": nested(tls)})
	m.OnNoMatch = chainOrClosed(c.plain)
	if c.inspect {
		m.OnNoMatch = inspected(c.plain, c.rest)
	}
	return nested(m)
}

func chainOrClosed(name string) *xdsmatcherv3.Matcher_OnMatch {
	if name == "" {
		name = closedChainName
	}
	return chainName(name)
}

func transportProtocol() *xdscorev3.TypedExtensionConfig {
	return extension("transport", &networkinputsv3.TransportProtocolInput{})
}

// alpnList is a client's list of protocols as Envoy's matchers read it.
func alpnList(alpns []string) string { return "'" + strings.Join(alpns, "','") + "'" }

// inboundMatcher picks a chain by the port that was dialled, then by what the
// caller speaks.
func inboundMatcher(ports map[uint16]chainsOf, others chainsOf) *xdsmatcherv3.Matcher {
	byPort := map[string]*xdsmatcherv3.Matcher_OnMatch{}
	for port, chains := range ports {
		byPort[portText(port)] = chains.matcher()
	}
	// A port that belongs to the sidecar is nobody's to call, whatever a Service
	// says of it: the connection would come back to this listener, again and again.
	byPort[portText(InboundPort)] = chainName(closedChainName)
	m := exactMap(destinationPort(), byPort)
	m.OnNoMatch = others.matcher()
	return m
}
