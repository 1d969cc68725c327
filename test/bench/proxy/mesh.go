//go:build linux

package main

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/weft-mesh/weft/internal/engine"
	"github.com/weft-mesh/weft/translators/model"
)

// mesh is an enforcing mesh. Its Services have one port, 80, and are numbered.
// Those up to the third are served by the server's pod, on appPort and the ports
// after it; the others' pods are there in name alone.
type mesh struct {
	services int
	// callable is how many of the Services, from the first on, the client may
	// call.
	callable int
	// sources is how many identities more may call the server.
	sources int
	// matches are those of the server's routes; one of everything where there
	// are none.
	matches []model.HTTPMatch
	// tcp makes the ports TCP.
	tcp bool
}

const (
	namespace   = "bench"
	appPort     = 8081
	served      = 3
	servicePort = 80
)

var (
	clientIdentity = model.Identity(key("client"))
	serverIdentity = model.Identity(key("server"))
)

func key(name string) model.Key { return model.Key{Namespace: namespace, Name: name} }

func serviceKey(i int) model.Key { return key("svc-" + strconv.Itoa(i)) }

// serviceAddress is where a Service is called.
func serviceAddress(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{198, 19, byte(i >> 8), byte(i)})
}

// put tells the engine of everything but the Services' routes to the client's
// and the server's pods.
func (m mesh) put(e *engine.Engine, client, server netip.Addr) {
	e.Put(&model.Mesh{TrustDomain: trustDomain, Access: model.AccessEnforcing})
	e.Put(pod("client", client, clientIdentity))
	e.Put(pod("server", server, serverIdentity))
	for i := range max(m.services, served) {
		e.Put(m.service(i))
		if i < served {
			e.Put(endpoints(i, server, "server", appPort+uint16(i)))
			continue
		}
		name, address := "pod-"+strconv.Itoa(i), netip.AddrFrom4([4]byte{198, 18, 128 + byte(i>>8), byte(i)})
		e.Put(pod(name, address, model.Identity(serviceKey(i))))
		e.Put(endpoints(i, address, name, appPort))
		e.Put(target(serviceKey(i).Name, model.Identity(serviceKey(i)), m.callers(i)...))
	}
	e.Put(m.routes())
	e.Put(&model.PortRoute{Kind: model.KindTCPRoute, Key: key("routes")})
	e.Put(m.serverTarget())
}

func (m mesh) callers(i int) []model.Identity {
	if i < m.callable {
		return []model.Identity{clientIdentity}
	}
	return []model.Identity{model.Identity(key("somebody"))}
}

// serverTarget lets the client call the server, and others whose names come
// before and after its own.
func (m mesh) serverTarget() *model.Target {
	callers := []model.Identity{clientIdentity}
	for i := range m.sources {
		callers = append(callers, model.Identity(key(fmt.Sprintf("%c-caller-%d", "ad"[i%2], i))))
	}
	t := target("server", serverIdentity, callers...)
	if m.tcp {
		t.Rules[0].Kind = model.KindTCPRoute
	}
	return t
}

func (m mesh) routes() *model.RouteGroup {
	g := &model.RouteGroup{Key: key("routes")}
	for i, match := range m.matches {
		g.Matches = append(g.Matches, model.NamedMatch{Name: "m" + strconv.Itoa(i), HTTPMatch: match})
	}
	if len(m.matches) == 0 {
		g.Matches = []model.NamedMatch{{Name: "all", HTTPMatch: model.HTTPMatch{PathRegex: ".*"}}}
	}
	return g
}

func (m mesh) service(i int) *model.Service {
	p := model.Port{Name: "http", Number: servicePort, Protocol: model.ProtocolHTTP}
	if m.tcp {
		p.Protocol = model.ProtocolTCP
	}
	return &model.Service{Key: serviceKey(i), Addresses: []netip.Addr{serviceAddress(i)}, Ports: []model.Port{p}}
}

func pod(name string, address netip.Addr, id model.Identity) *model.Pod {
	return &model.Pod{
		Key: key(name), Addresses: []netip.Addr{address}, Identity: id, Meshed: true,
		Workload: model.Workload{Kind: "deployments", Name: name},
	}
}

func endpoints(i int, address netip.Addr, pod string, port uint16) *model.EndpointSlice {
	return &model.EndpointSlice{
		Key: serviceKey(i), Service: serviceKey(i), Ports: []model.TargetPort{{Name: "http", Number: port}},
		Endpoints: []model.Address{{Addr: address, Serve: true, Pod: key(pod)}},
	}
}

func target(name string, destination model.Identity, callers ...model.Identity) *model.Target {
	return &model.Target{
		Key: key(name), Destination: destination, Sources: callers,
		Rules: []model.TargetRule{{Kind: model.KindHTTPRouteGroup, Name: "routes"}},
	}
}

// splitTo gives all requests of the first Service to the third, or to the
// second.
func splitTo(third bool) *model.Split {
	s := &model.Split{Key: key("split"), Root: serviceKey(0), Backends: []model.Backend{{Service: serviceKey(1), Weight: 1}, {Service: serviceKey(2), At: 1}}}
	if third {
		s.Backends[0].Weight, s.Backends[1].Weight = 0, 1
	}
	return s
}
