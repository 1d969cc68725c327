package resolve

import (
	"reflect"
	"slices"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

var (
	web   = model.Identity{Namespace: "shop", Name: "web"}
	front = model.Identity{Namespace: "shop", Name: "front"}
	other = model.Identity{Namespace: "bank", Name: "front"}
)

func group(name string, matches ...string) *model.RouteGroup {
	g := &model.RouteGroup{Key: model.Key{Namespace: "shop", Name: name}}
	for _, m := range matches {
		g.Matches = append(g.Matches, model.NamedMatch{Name: m, HTTPMatch: model.HTTPMatch{PathRegex: "/" + m}})
	}
	return g
}

func tcp(name string, ports ...uint16) *model.PortRoute {
	return &model.PortRoute{Kind: model.KindTCPRoute, Key: model.Key{Namespace: "shop", Name: name}, Ports: ports}
}

func target(name string, rules ...model.TargetRule) *model.Target {
	return &model.Target{
		Key: model.Key{Namespace: "shop", Name: name}, Destination: web,
		Sources: []model.Identity{front}, Rules: rules,
	}
}

// at narrows a target to one port, as v1alpha1 and v1alpha2 can.
func at(port uint16, t *model.Target) *model.Target {
	t.Port = port
	return t
}

func rule(kind model.Kind, name string, matches ...string) model.TargetRule {
	return model.TargetRule{Kind: kind, Name: name, Matches: matches}
}

// allowed is what front may ask of a port: "all", "none" or names of matches.
func allowed(p model.Policy) []string {
	if p.AllowAll {
		return []string{"everybody"}
	}
	var names []string
	for _, c := range p.Callers {
		if c.Identity != front {
			continue
		}
		if c.Any {
			return []string{"all"}
		}
		for _, r := range c.Routes {
			names = append(names, r.Name)
		}
	}
	return names
}

func isGroup(f model.Fragment) bool { return f.Ref().Kind == model.KindHTTPRouteGroup }

// TestPolicy walks through TrafficTarget v1alpha3 and the traps about it.
func TestPolicy(t *testing.T) {
	const http, tcpKind = model.KindHTTPRouteGroup, model.KindTCPRoute
	tests := map[string]struct {
		fragments              []model.Fragment
		http80, http81, db3306 []string
		unnamedPort            []string
	}{
		"nothing is allowed by default": {},
		"a group without matches named allows all of its matches": {
			fragments: []model.Fragment{group("g", "a", "b"), target("t", rule(http, "g"))},
			http80:    []string{"shop/g/a", "shop/g/b"}, http81: []string{"shop/g/a", "shop/g/b"},
		},
		"a match that is named allows itself alone": {
			fragments: []model.Fragment{group("g", "a", "b"), target("t", rule(http, "g", "b"))},
			http80:    []string{"shop/g/b"}, http81: []string{"shop/g/b"},
		},
		"an unknown match allows nothing": {
			fragments: []model.Fragment{group("g", "a"), target("t", rule(http, "g", "z"))},
		},
		"a missing group allows nothing": {
			fragments: []model.Fragment{target("t", rule(http, "g"))},
		},
		"a missing group takes nothing from another": {
			fragments: []model.Fragment{group("h", "c"), target("t", rule(http, "g"), rule(http, "h"))},
			http80:    []string{"shop/h/c"}, http81: []string{"shop/h/c"},
		},
		"a TCPRoute alone opens its ports for everything": {
			fragments: []model.Fragment{tcp("r", 80, 3306), target("t", rule(tcpKind, "r"))},
			http80:    []string{"all"}, db3306: []string{"all"},
		},
		"a TCPRoute without ports opens every port": {
			fragments: []model.Fragment{tcp("r"), target("t", rule(tcpKind, "r"))},
			http80:    []string{"all"}, http81: []string{"all"}, db3306: []string{"all"}, unnamedPort: []string{"all"},
		},
		"a TCPRoute narrows the ports of a group and never opens its paths": {
			fragments: []model.Fragment{tcp("r", 80), group("g", "a"), target("t", rule(tcpKind, "r"), rule(http, "g"))},
			http80:    []string{"shop/g/a"},
		},
		"a missing TCPRoute does not widen a group": {
			fragments: []model.Fragment{group("g", "a"), target("t", rule(tcpKind, "r"), rule(http, "g"))},
		},
		"a missing group does not let a TCPRoute open an HTTP port": {
			fragments: []model.Fragment{tcp("r", 80, 3306), target("t", rule(tcpKind, "r"), rule(http, "g"))},
			db3306:    []string{"all"},
		},
		"a TCPRoute beside a group opens the TCP ports that it names": {
			fragments: []model.Fragment{tcp("r", 80, 3306, 4000), group("g", "a"), target("t", rule(tcpKind, "r"), rule(http, "g"))},
			http80:    []string{"shop/g/a"}, db3306: []string{"all"},
		},
		"a TCPRoute without ports beside a group opens none": {
			fragments: []model.Fragment{tcp("r"), group("g", "a"), target("t", rule(tcpKind, "r"), rule(http, "g"))},
			http80:    []string{"shop/g/a"}, http81: []string{"shop/g/a"},
		},
		"trap 26: destination.port beside a group and a TCPRoute": {
			fragments: []model.Fragment{tcp("r", 80, 3306), group("g", "a"), at(3306, target("t", rule(tcpKind, "r"), rule(http, "g")))},
			db3306:    []string{"all"},
		},
		"a TCPRoute in a target of its own does": {
			fragments: []model.Fragment{tcp("r", 3306), group("g", "a"), target("t", rule(http, "g")), target("u", rule(tcpKind, "r"))},
			http80:    []string{"shop/g/a"}, http81: []string{"shop/g/a"}, db3306: []string{"all"},
		},
		"two TCPRoutes are a union": {
			fragments: []model.Fragment{tcp("r", 80), tcp("s", 3306), target("t", rule(tcpKind, "r"), rule(tcpKind, "s"))},
			http80:    []string{"all"}, db3306: []string{"all"},
		},
		"two targets add up": {
			fragments: []model.Fragment{group("g", "a", "b"), target("t", rule(http, "g", "a")), target("u", rule(http, "g", "b"), rule(http, "g", "a"))},
			http80:    []string{"shop/g/a", "shop/g/b"}, http81: []string{"shop/g/a", "shop/g/b"},
		},
		"trap 26: destination.port narrows a group": {
			fragments: []model.Fragment{group("g", "a"), at(81, target("t", rule(http, "g")))},
			http81:    []string{"shop/g/a"},
		},
		"trap 26: destination.port narrows a TCPRoute without ports": {
			fragments: []model.Fragment{tcp("r"), at(3306, target("t", rule(tcpKind, "r")))},
			db3306:    []string{"all"},
		},
		"trap 26: destination.port narrows a TCPRoute with ports": {
			fragments: []model.Fragment{tcp("r", 80, 3306), at(80, target("t", rule(tcpKind, "r")))},
			http80:    []string{"all"},
		},
		"trap 26: destination.port and the ports of a TCPRoute must agree": {
			fragments: []model.Fragment{tcp("r", 80), group("g", "a"), at(81, target("t", rule(tcpKind, "r"), rule(http, "g")))},
		},
		"trap 26: a narrow target takes nothing from another": {
			fragments: []model.Fragment{group("g", "a", "b"), at(81, target("t", rule(http, "g", "a"))), target("u", rule(http, "g", "b"))},
			http80:    []string{"shop/g/b"}, http81: []string{"shop/g/a", "shop/g/b"},
		},
		"a permissive namespace lets everybody in": {
			fragments: []model.Fragment{&model.Namespace{Name: "shop", Access: model.AccessPermissive}},
			http80:    []string{"everybody"}, http81: []string{"everybody"}, db3306: []string{"everybody"}, unnamedPort: []string{"everybody"},
		},
		"an enforcing namespace in a permissive mesh": {
			fragments: []model.Fragment{&model.Mesh{Access: model.AccessPermissive}, &model.Namespace{Name: "shop", Access: model.AccessEnforcing}},
		},
		"a permissive mesh": {
			fragments: []model.Fragment{&model.Mesh{Access: model.AccessPermissive}},
			http80:    []string{"everybody"}, http81: []string{"everybody"}, db3306: []string{"everybody"}, unnamedPort: []string{"everybody"},
		},
	}
	shape := Shape{Ports: []ShapePort{{Number: 80, Protocol: model.ProtocolHTTP}, {Number: 81, Protocol: model.ProtocolHTTP2}, {Number: 3306, Protocol: model.ProtocolTCP, Declared: true}, {Number: 4000, Protocol: model.ProtocolTCP}}}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			g := NewGraph()
			for _, f := range tc.fragments {
				g.Put(f)
			}
			in := g.Inbound(web, shape)
			got := [][]string{allowed(in.Ports[0].Policy), allowed(in.Ports[1].Policy), allowed(in.Ports[2].Policy), allowed(in.Other)}
			if slices.ContainsFunc(tc.fragments, isGroup) && slices.Contains(allowed(in.Ports[3].Policy), "all") {
				t.Error("a port that nobody declares TCP is open by a target with groups")
			}
			if want := [][]string{tc.http80, tc.http81, tc.db3306, tc.unnamedPort}; !reflect.DeepEqual(got, want) {
				t.Errorf("front may ask ports 80, 81, 3306 and others for\n got %q\nwant %q", got, want)
			}
			for _, c := range in.Ports[0].Policy.Callers {
				if c.Identity == other {
					t.Errorf("%s is let in, though only its namesake %s is named", other, front)
				}
			}
		})
	}
}

// TestPortsOpenedByNumber: a TCPRoute opens a port that no Service speaks of.
func TestPortsOpenedByNumber(t *testing.T) {
	g := NewGraph()
	g.Put(tcp("r", 9999))
	g.Put(target("t", rule(model.KindTCPRoute, "r")))
	in := g.Inbound(web, Shape{})
	if len(in.Ports) != 1 || in.Ports[0].Port != 9999 || len(in.Ports[0].Policy.Callers) != 1 || len(in.Other.Callers) != 0 {
		t.Errorf("got %+v, want port 9999 open to front and no other", in)
	}
}

// TestTheOnePortOfATargetIsOpenedByNumber (trap 26): no Service speaks of it,
// and the TCPRoute names none.
func TestTheOnePortOfATargetIsOpenedByNumber(t *testing.T) {
	g := NewGraph()
	g.Put(tcp("r"))
	g.Put(at(9999, target("t", rule(model.KindTCPRoute, "r"))))
	in := g.Inbound(web, Shape{})
	if len(in.Ports) != 1 || in.Ports[0].Port != 9999 || len(in.Ports[0].Policy.Callers) != 1 || len(in.Other.Callers) != 0 {
		t.Errorf("got %+v, want port 9999 open to front and no other", in)
	}
}
