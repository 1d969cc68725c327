package simulate

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	networkinputsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/matching/common_inputs/network/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/weft-mesh/weft/translators/envoy"
)

// Outcome is what the caller's sidecar does with a call.
type Outcome struct {
	// Chain is the filter chain that takes the connection.
	Chain string
	// Status is the answer that the sidecar gives by itself; 0 where the call
	// goes on.
	Status int
	// Shares are the clusters that the call may go to, by weight.
	Shares map[string]uint32
	// Route is the name of the route taken: "namespace/name" of a TrafficSplit.
	Route string
}

// Outbound evaluates a call in its caller's sidecar.
func (r *Resources) Outbound(c Call) (Outcome, error) {
	l := r.Listeners[envoy.OutboundListenerName]
	if l == nil {
		return Outcome{}, fmt.Errorf("there is no listener %q", envoy.OutboundListenerName)
	}
	chain, err := outboundChain(l, c.To)
	if err != nil || chain == nil {
		return Outcome{}, err
	}
	return r.takenBy(chain, c)
}

// takenBy evaluates a call in the filter chain that takes it.
func (r *Resources) takenBy(chain *listenerv3.FilterChain, c Call) (Outcome, error) {
	out := Outcome{Chain: chain.GetName()}
	f, err := filtersOf(chain)
	switch {
	case err != nil:
		return out, err
	case f.tcp.GetCluster() == envoy.DetectCluster:
		return r.detected(c)
	case f.hcm != nil:
		return r.outboundHTTP(c, out)
	case f.filterState != nil:
		out.Shares = map[string]uint32{envoy.DirectName(c.To): 1}
		return out, nil
	case f.tcp != nil:
		out.Shares = map[string]uint32{f.tcp.GetCluster(): 1}
		return out, nil
	}
	return out, nil
}

// detected evaluates a call where its first bytes decide.
func (r *Resources) detected(c Call) (Outcome, error) {
	l := r.Listeners[envoy.DetectListenerName]
	if l == nil {
		return Outcome{}, fmt.Errorf("there is no listener %q", envoy.DetectListenerName)
	}
	for _, chain := range l.GetFilterChains() {
		requests := slices.Contains(chain.GetFilterChainMatch().GetApplicationProtocols(), "http/1.1")
		if requests == (c.Method != "") {
			return r.takenBy(chain, c)
		}
	}
	return Outcome{}, nil
}

// outboundChain picks the chain by address.
func outboundChain(l *listenerv3.Listener, to netip.AddrPort) (*listenerv3.FilterChain, error) {
	return chainBy(l, func(input proto.Message) (string, bool, error) {
		switch input.(type) {
		case *networkinputsv3.DestinationIPInput:
			return to.Addr().String(), true, nil
		case *networkinputsv3.DestinationPortInput:
			return fmt.Sprint(to.Port()), true, nil
		}
		return "", false, fmt.Errorf("outbound chains are picked by an unknown input: %T", input)
	})
}

// chainBy is the chain that a listener's matcher picks; nil where the connection
// is closed.
func chainBy(l *listenerv3.Listener, in inputs) (*listenerv3.FilterChain, error) {
	action, err := match(l.GetFilterChainMatcher(), in)
	if err != nil {
		return nil, err
	}
	if action == nil {
		return l.GetDefaultFilterChain(), nil
	}
	name := &wrapperspb.StringValue{}
	if err := action.GetTypedConfig().UnmarshalTo(name); err != nil {
		return nil, fmt.Errorf("chain of listener %s: %w", l.GetName(), err)
	}
	for _, chain := range l.GetFilterChains() {
		if chain.GetName() == name.GetValue() {
			return chain, nil
		}
	}
	return nil, fmt.Errorf("the matcher of listener %s names chain %q, which is not there", l.GetName(), name.GetValue())
}

func (r *Resources) outboundHTTP(c Call, out Outcome) (Outcome, error) {
	scope := r.Scopes[envoy.ScopeName(c.To)]
	if scope == nil {
		out.Status = 403
		return out, nil
	}
	route, err := pickRoute(scope.GetRouteConfiguration(), c)
	if err != nil {
		return out, err
	}
	if route == nil {
		out.Status = 403
		return out, nil
	}
	out.Route = route.GetName()
	if d := route.GetDirectResponse(); d != nil {
		out.Status = int(d.GetStatus())
		return out, nil
	}
	out.Shares = shares(route.GetRoute())
	return out, nil
}

func shares(a *routev3.RouteAction) map[string]uint32 {
	if c := a.GetCluster(); c != "" {
		return map[string]uint32{c: 1}
	}
	s := map[string]uint32{}
	for _, w := range a.GetWeightedClusters().GetClusters() {
		if n := w.GetWeight().GetValue(); n > 0 {
			s[w.GetName()] = n
		}
	}
	return s
}

// pickRoute finds the first route of the only virtual host that matches.
func pickRoute(rc *routev3.RouteConfiguration, c Call) (*routev3.Route, error) {
	if len(rc.GetVirtualHosts()) != 1 {
		return nil, fmt.Errorf("route configuration %s: %d virtual hosts, want one", rc.GetName(), len(rc.GetVirtualHosts()))
	}
	for _, route := range rc.GetVirtualHosts()[0].GetRoutes() {
		ok, err := routeMatches(route.GetMatch(), c)
		if err != nil || ok {
			return route, err
		}
	}
	return nil, nil
}

func routeMatches(m *routev3.RouteMatch, c Call) (bool, error) {
	path, _, _ := strings.Cut(c.Path, "?") // a route never sees the query
	ok := false
	var err error
	switch s := m.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_ConnectMatcher_:
		ok = c.UDP
	case *routev3.RouteMatch_Prefix:
		ok = strings.HasPrefix(path, s.Prefix)
	case *routev3.RouteMatch_Path:
		ok = path == s.Path
	case *routev3.RouteMatch_SafeRegex:
		ok, err = fullMatch(s.SafeRegex.GetRegex(), path)
	default:
		return false, fmt.Errorf("route match of an unknown kind: %T", s)
	}
	for _, h := range m.GetHeaders() {
		if !ok || err != nil {
			return false, err
		}
		ok, err = headerMatches(h, c)
	}
	return ok, err
}

func headerMatches(h *routev3.HeaderMatcher, c Call) (bool, error) {
	value, present := c.header(h.GetName())
	if m := h.GetStringMatch(); m != nil {
		if !present {
			return false, nil
		}
		return envoyStringMatch(m, value)
	}
	return false, fmt.Errorf("header match of an unknown kind: %T", h.GetHeaderMatchSpecifier())
}
