package simulate

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"

	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/resolve"
)

// Result is what becomes of a call from one pod: what its own sidecar answers,
// or what each destination does with its share.
type Result struct {
	// Status is the answer of the caller's own sidecar; 0 where the call goes on.
	Status int
	// Passthrough tells that the call leaves the mesh as it is.
	Passthrough bool
	// Shares are the destinations, by the name of their cluster.
	Shares map[string]Share
}

// Share is one destination of a call.
type Share struct {
	Weight uint32
	// Verdicts of the pods behind it, by pod; none where nobody is there.
	Verdicts map[string]Verdict
}

// String gives "v1=3 allowed, v2=1 denied 403".
func (r Result) String() string {
	switch {
	case r.Status != 0:
		return fmt.Sprint(r.Status)
	case r.Passthrough:
		return "passthrough"
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r.Shares)) {
		parts = append(parts, shortName(name)+"="+fmt.Sprint(r.Shares[name].Weight)+" "+r.Shares[name].verdict())
	}
	if len(parts) == 0 {
		return "closed"
	}
	return strings.Join(parts, ", ")
}

func shortName(cluster string) string {
	if p, ok := envoy.ParseClusterName(cluster); ok {
		return p.Service.Name
	}
	return cluster
}

func (s Share) verdict() string {
	if len(s.Verdicts) == 0 {
		return "nobody"
	}
	words := map[string]bool{}
	for _, v := range s.Verdicts {
		switch {
		case v.Allowed:
			words["allowed"] = true
		case v.Status != 0:
			words[fmt.Sprintf("denied %d", v.Status)] = true
		default:
			words["reset"] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(words)), "|")
}

// Run evaluates a call of a pod on both sides.
func Run(g *resolve.Graph, from model.Key, c Call) (Result, error) {
	caller, err := ResourcesOf(g, from)
	if err != nil {
		return Result{}, err
	}
	out, err := caller.Outbound(c)
	if c.UDP {
		out, err = caller.outboundUDP(g, c)
	}
	if err != nil {
		return Result{}, fmt.Errorf("outbound of %s: %w", from, err)
	}
	r := Result{Status: out.Status, Shares: map[string]Share{}}
	c.SPIFFEID = g.Pod(from).Identity.SPIFFEID(g.TrustDomain())
	for name, weight := range out.Shares {
		if name == envoy.PassthroughCluster {
			r.Passthrough = true
			continue
		}
		targets, err := addressesOf(g, caller, name)
		if err != nil {
			return r, err
		}
		if c.ALPN, err = alpnOf(caller.Clusters[name]); err != nil {
			return r, fmt.Errorf("cluster %s: %w", name, err)
		}
		for dest, w := range targets {
			share := r.Shares[dest.name]
			share.Weight = weight * w
			if share.Verdicts == nil {
				share.Verdicts = map[string]Verdict{}
			}
			for _, a := range dest.addrs() {
				if err := judge(g, a, c, share.Verdicts); err != nil {
					return r, err
				}
			}
			r.Shares[dest.name] = share
		}
	}
	return r, nil
}

// destination is a group of endpoints with a weight of its own. Its addresses
// are joined, so that it can be a map's key.
type destination struct{ name, joined string }

func (d destination) addrs() []netip.AddrPort {
	var as []netip.AddrPort
	for _, text := range strings.Fields(d.joined) {
		if a, err := netip.ParseAddrPort(text); err == nil {
			as = append(as, a)
		}
	}
	return as
}

// addressesOf are the endpoints of a cluster, in their weighted groups.
func addressesOf(g *resolve.Graph, r *Resources, cluster string) (map[destination]uint32, error) {
	c := r.Clusters[cluster]
	if a, ok := envoy.ParseDirectName(cluster); ok && c == nil {
		return map[destination]uint32{{cluster, serviceEndpoints(g, a)}: 1}, nil
	}
	if c == nil {
		return nil, fmt.Errorf("a route names cluster %q, which is not there", cluster)
	}
	cla := r.Endpoints[envoy.EndpointsName(c)]
	if cla == nil {
		return nil, fmt.Errorf("cluster %q asks for endpoints %q, which are not there", cluster, envoy.EndpointsName(c))
	}
	split := c.GetCommonLbConfig().GetLocalityWeightedLbConfig() != nil
	out := map[destination]uint32{}
	for _, l := range cla.GetEndpoints() {
		name, weight := cmp.Or(c.GetAltStatName(), cluster), uint32(1)
		if split {
			name, weight = l.GetLocality().GetSubZone(), l.GetLoadBalancingWeight().GetValue()
			_, name, _ = strings.Cut(name, "/")
		}
		out[destination{name, joinAddresses(l)}] = weight
	}
	return out, nil
}

func joinAddresses(l *endpointv3.LocalityLbEndpoints) string {
	var as []string
	for _, e := range l.GetLbEndpoints() {
		a := e.GetEndpoint().GetAddress().GetSocketAddress()
		as = append(as, netip.AddrPortFrom(netip.MustParseAddr(a.GetAddress()), uint16(a.GetPortValue())).String())
	}
	return strings.Join(as, " ")
}

// serviceEndpoints are where a connection to a Service's address ends, as
// kube-proxy leads it; a pod's own address stays itself.
func serviceEndpoints(g *resolve.Graph, a netip.AddrPort) string {
	k, ok := g.ServiceAt(a.Addr())
	if !ok {
		return a.String()
	}
	var as []string
	for _, e := range g.ServiceEndpoints(k, false) {
		for _, gr := range e.Groups {
			for _, p := range gr.Endpoints {
				if e.Cluster.Port == a.Port() {
					as = append(as, p.Addr.String())
				}
			}
		}
	}
	return strings.Join(as, " ")
}

// judge asks the sidecar of the pod at an address. A pod without one takes
// everything.
func judge(g *resolve.Graph, a netip.AddrPort, c Call, verdicts map[string]Verdict) error {
	pod, ok := g.PodAt(a.Addr())
	if !ok || !g.Pod(pod).Meshed {
		verdicts[a.String()] = Verdict{Allowed: true}
		return nil
	}
	server, err := ResourcesOf(g, pod)
	if err != nil {
		return err
	}
	c.To = a
	v, err := server.Inbound(c)
	if err != nil {
		return fmt.Errorf("inbound of %s: %w", pod, err)
	}
	verdicts[pod.String()] = v
	return nil
}
