package engine

import (
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/resolve"
)

// served is a Service of one port that leads to a port of pod web-0, and its slice.
func served(name, port string, protocol model.Protocol, number uint16) [2]model.Fragment {
	return [2]model.Fragment{
		&model.Service{
			Key: shop(name), Addresses: []netip.Addr{netip.AddrFrom4([4]byte{198, 19, 1, byte(len(name))})},
			Ports: []model.Port{{Name: port, Number: 80, Protocol: protocol, Target: number}},
		},
		&model.EndpointSlice{
			Key: shop(name + "-abc"), Service: shop(name), Ports: []model.TargetPort{{Name: port, Number: number, UDP: protocol == model.ProtocolUDP}},
			Endpoints: []model.Address{{Addr: netip.MustParseAddr("198.18.1.1"), Serve: true, Pod: shop("web-0")}},
		},
	}
}

// byName is served, where the Service knows its pods' port by name.
func byName(port string) [2]model.Fragment {
	fs := served("web", port, model.ProtocolHTTP, 8080)
	fs[0].(*model.Service).Ports[0].Target, fs[0].(*model.Service).Ports[0].TargetName = 0, "app"
	return fs
}

// webPod is one pod behind Service web, at port 8080 of HTTP.
func webPod() []model.Fragment {
	web := served("web", "http", model.ProtocolHTTP, 8080)
	return []model.Fragment{
		&model.Mesh{Access: model.AccessPermissive},
		&model.Pod{Key: shop("web-0"), Addresses: []netip.Addr{netip.MustParseAddr("198.18.1.1")}, Identity: model.Identity(shop("web")), Ports: []model.TargetPort{{Name: "app", Number: 8080}}, Meshed: true},
		web[0], web[1],
	}
}

// TestNothingIsBetweenAServiceAndItsSlices: the two come, change and go apart, in
// any order. A pod's listener is what it was until it is what it will be, and
// nothing between; a Service whose port gets another name has its endpoints all
// the while.
func TestNothingIsBetweenAServiceAndItsSlices(t *testing.T) {
	same := served("second", "http", model.ProtocolHTTP, 8080)
	tests := map[string][2]struct{ was, is [2]model.Fragment }{
		"a second Service of HTTP":                   {{is: same}, {was: same}},
		"one that says nothing":                      {{is: served("second", "", model.ProtocolTCP, 8080)}, {was: served("second", "", model.ProtocolTCP, 8080)}},
		"one of gRPC":                                {{is: served("second", "grpc", model.ProtocolHTTP2, 8080)}, {was: served("second", "grpc", model.ProtocolHTTP2, 8080)}},
		"one of another port":                        {{is: served("second", "db", model.ProtocolTCP, 3306)}, {was: served("second", "db", model.ProtocolTCP, 3306)}},
		"one of UDP":                                 {{is: served("second", "dns", model.ProtocolUDP, 5353)}, {was: served("second", "dns", model.ProtocolUDP, 5353)}},
		"a port of another name":                     {{was: served("web", "http", model.ProtocolHTTP, 8080), is: served("web", "http-web", model.ProtocolHTTP, 8080)}},
		"a port of another name, that its pods name": {{was: byName("http"), is: byName("http-web")}},
		"a port of another name beside others":       {{was: served("second", "db", model.ProtocolTCP, 3306), is: served("second", "mysql", model.ProtocolTCP, 3306)}},
		"a port of another protocol":                 {{was: served("web", "http", model.ProtocolHTTP, 8080), is: served("web", "tcp", model.ProtocolTCP, 8080)}},
		"UDP of another name":                        {{was: served("second", "dns", model.ProtocolUDP, 5353), is: served("second", "dns-udp", model.ProtocolUDP, 5353)}},
		"the last Service of a port":                 {{was: served("web", "http", model.ProtocolHTTP, 8080)}},
		"a Service that leads to another port":       {{was: served("second", "db", model.ProtocolTCP, 3306), is: served("second", "db", model.ProtocolTCP, 3307)}},
	}
	for name, changes := range tests {
		for _, c := range changes {
			for _, sliceFirst := range []bool{false, true} {
				renamed := c.was[0] != nil && c.is[0] != nil
				steps := []int{0, 1}
				if sliceFirst {
					slices.Reverse(steps)
				}
				g := resolve.NewGraph()
				for _, f := range append(webPod(), c.was[:]...) {
					if f != nil {
						g.Put(f)
					}
				}
				seen := []takenIn{inboundOf(t, g, shop("web-0"))}
				first := chainsOf(t, inboundListener(t, g, shop("web-0")))
				for _, i := range steps {
					switch {
					case c.is[i] != nil:
						g.Put(c.is[i])
					case c.was[i] != nil:
						g.Delete(c.was[i].Ref())
					}
					seen = append(seen, inboundOf(t, g, shop("web-0")))
					if chain := "inbound|8080"; c.was[0] == nil && chainsOf(t, inboundListener(t, g, shop("web-0")))[chain] != first[chain] && name != "one of gRPC" {
						t.Errorf("%s, slices first %v: the chain of HTTP changes by step %d", name, sliceFirst, i)
					}
					if renamed && endpointsNumber(g, c.is[0].Ref().Key) != 1 {
						t.Errorf("%s, slices first %v: after step %d nobody is behind the Service", name, sliceFirst, i)
					}
				}
				if between, last := seen[1], seen[2]; !reflect.DeepEqual(between, seen[0]) && !reflect.DeepEqual(between, last) {
					t.Errorf("%s, slices first %v: between, ports %v differ from before and %v from after", name, sliceFirst, between.changed(seen[0]), between.changed(last))
				}
			}
		}
	}
}

func endpointsNumber(g *resolve.Graph, service model.Key) (n int) {
	for _, udp := range []bool{false, true} {
		for _, e := range g.ServiceEndpoints(service, udp) {
			if e.Address.IsValid() || len(g.ServiceEndpoints(service, udp)) == 1 {
				n += len(e.Groups[0].Endpoints)
			}
		}
	}
	return n
}

// TestASecondServiceMovesOneListener: a pod that is behind another Service is of
// another class, and yet its proxy gets no more than what the Service itself is
// to its callers, and of its own side the listener where that differs.
func TestASecondServiceMovesOneListener(t *testing.T) {
	tests := map[string]struct {
		second   [2]model.Fragment
		listener bool
	}{
		"of the same protocol": {served("second", "http", model.ProtocolHTTP, 8080), false},
		"of another":           {served("second", "", model.ProtocolTCP, 8080), true},
		"of another port":      {served("second", "db", model.ProtocolTCP, 3306), true},
	}
	for what, tc := range tests {
		e, c := newEngine()
		for _, f := range webPod() {
			e.Put(f)
		}
		e.Synced()
		drain(e, c)
		m := connect(t, e, shop("web-0"), model.Identity(shop("web")))
		before := m.Snapshot()
		for _, f := range tc.second {
			c.Time = c.Add(time.Second)
			e.Put(f)
			drain(e, c)
		}
		after := m.Snapshot()
		was, is := versions(before), versions(after)
		for name, version := range was {
			switch {
			case is[name] == version, name == xds.Listener.String()+" outbound":
			case name != xds.Listener.String()+" inbound" || !tc.listener:
				t.Errorf("%s: %s moves", what, name)
			}
		}
		if in := xds.Listener.String() + " inbound"; tc.listener && was[in] == is[in] {
			t.Errorf("%s: the listener stays as it is", what)
		}
	}
}
