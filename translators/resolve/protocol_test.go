package resolve

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/model/modeltest"
)

// leaves is a Service with a pod of its own, and ports that it says nothing of:
// the pod's are 10,000 more.
func leaves(g *Graph, n byte, name string, ports ...model.Port) *Dirty {
	d := NewDirty()
	s := &model.Service{Key: shopKey(name), Addresses: []netip.Addr{netip.AddrFrom4([4]byte{198, 19, 0, n})}, Ports: ports}
	addr := netip.AddrFrom4([4]byte{198, 18, 0, n})
	pod := &model.Pod{Key: shopKey(name + "-0"), Addresses: []netip.Addr{addr}, Identity: model.Identity(shopKey(name)), Meshed: true}
	slice := &model.EndpointSlice{Key: shopKey(name + "-abc"), Service: s.Key, Endpoints: []model.Address{{Addr: addr, Serve: true, Pod: pod.Key}}}
	for _, p := range ports {
		slice.Ports = append(slice.Ports, model.TargetPort{Name: p.Name, Number: 10_000 + p.Number})
	}
	for _, f := range []model.Fragment{s, pod, slice} {
		d.Merge(g.Put(f))
	}
	return d
}

func silent(n uint16) model.Port {
	return model.Port{Name: fmt.Sprint("p", n), Number: n, Protocol: model.ProtocolUndeclared}
}

func speak(g *Graph, name string) []model.Protocol {
	var ps []model.Protocol
	for _, p := range g.services[shopKey(name)].Ports {
		ps = append(ps, p.Protocol)
	}
	return ps
}

// TestWhatAnUndeclaredPortSpeaks: of a Service with ports 80 and 81, of which its
// pods serve 10080 and 10081.
//
// Trap 49: policy says it, else a default.
func TestWhatAnUndeclaredPortSpeaks(t *testing.T) {
	const httpKind, tcpKind = model.KindHTTPRouteGroup, model.KindTCPRoute
	const tcpP, http, detect = model.ProtocolTCP, model.ProtocolHTTP, model.ProtocolDetect
	general, narrow, route := target("general", rule(httpKind, "g")), target("narrow", rule(httpKind, "g"), rule(tcpKind, "r")), target("route", rule(tcpKind, "r"))
	named := tcp("r", 10080)
	namespace := func(p model.Protocol) *model.Namespace {
		return &model.Namespace{Name: "shop", DefaultProtocol: p}
	}
	tests := map[string]struct {
		fragments []model.Fragment
		want      [2]model.Protocol
	}{
		"nothing is said":  {nil, [2]model.Protocol{tcpP, tcpP}},
		"by the mesh":      {[]model.Fragment{&model.Mesh{DefaultProtocol: http}}, [2]model.Protocol{http, http}},
		"by the namespace": {[]model.Fragment{&model.Mesh{DefaultProtocol: http}, namespace(detect)}, [2]model.Protocol{detect, detect}},
		"a group is for all ports, whether it exists or not":  {[]model.Fragment{general}, [2]model.Protocol{http, http}},
		"a TCPRoute names one of them":                        {[]model.Fragment{general, named, route}, [2]model.Protocol{tcpP, http}},
		"a TCPRoute names one in vain where a group does too": {[]model.Fragment{narrow, named, route}, [2]model.Protocol{http, tcpP}},
		"a TCPRoute holds against a default":                  {[]model.Fragment{namespace(http), named, route}, [2]model.Protocol{tcpP, http}},
		"a TCPRoute of all ports names none":                  {[]model.Fragment{namespace(http), tcp("r"), route}, [2]model.Protocol{http, http}},
		"a TCPRoute beside a group names what is HTTP":        {[]model.Fragment{narrow, named}, [2]model.Protocol{http, tcpP}},
		"a TCPRoute of all ports beside a group":              {[]model.Fragment{narrow, tcp("r")}, [2]model.Protocol{http, http}},
		"a missing TCPRoute beside a group":                   {[]model.Fragment{narrow}, [2]model.Protocol{tcpP, tcpP}},
		"destination.port of a group":                         {[]model.Fragment{at(10081, target("general", rule(httpKind, "g")))}, [2]model.Protocol{tcpP, http}},
		"destination.port of a TCPRoute":                      {[]model.Fragment{namespace(http), tcp("r"), at(10081, target("route", rule(tcpKind, "r")))}, [2]model.Protocol{http, tcpP}},
		"detect, a group and a TCPRoute":                      {[]model.Fragment{namespace(detect), general, named, route}, [2]model.Protocol{detect, http}},
		"a Service's port is not the pods'":                   {[]model.Fragment{tcp("r", 80), route, namespace(http)}, [2]model.Protocol{http, http}},
		"a split by requests":                                 {[]model.Fragment{split("s", 0, map[string]uint32{"web": 1}, "g")}, [2]model.Protocol{http, http}},
		"a split of everything":                               {[]model.Fragment{split("s", 0, map[string]uint32{"web": 1})}, [2]model.Protocol{tcpP, tcpP}},
		"policy of another tenant": {[]model.Fragment{&model.Target{
			Key: model.Key{Namespace: "bank", Name: "t"}, Destination: model.Identity{Namespace: "bank", Name: "web"}, Rules: []model.TargetRule{rule(httpKind, "g")},
		}}, [2]model.Protocol{tcpP, tcpP}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			g := NewGraph()
			leaves(g, 1, "web", silent(80), silent(81))
			for _, f := range tc.fragments {
				g.Put(f)
			}
			if got := speak(g, "web"); !slices.Equal(got, tc.want[:]) {
				t.Errorf("the ports speak %v, want %v", got, tc.want)
			}
			if f, ok := g.Fragment(model.Ref{Kind: model.KindService, Key: shopKey("web")}).(*model.Service); !ok || f.Ports[0] != silent(80) {
				t.Errorf("the Service is %+v, which nobody wrote", f)
			}
			for _, f := range tc.fragments {
				g.Delete(f.Ref())
			}
			if got := speak(g, "web"); !slices.Equal(got, []model.Protocol{tcpP, tcpP}) {
				t.Errorf("the ports speak %v when nothing is said any more", got)
			}
		})
	}
}

// TestServicesThatASplitJoinsSpeakTheSame: what is said of one holds for those
// that say nothing, and for no port of another number.
func TestServicesThatASplitJoinsSpeakTheSame(t *testing.T) {
	declared := func(p model.Protocol) model.Port { return model.Port{Name: "d", Number: 80, Protocol: p} }
	tests := map[string]struct {
		web, v1, v2 model.Port
		target      model.Key
		want        model.Protocol // of v2
	}{
		"the root declares HTTP":                 {web: declared(model.ProtocolHTTP), v1: silent(80), v2: silent(80), want: model.ProtocolHTTP},
		"the root declares HTTP/2":               {web: declared(model.ProtocolHTTP2), v1: declared(model.ProtocolHTTP), v2: silent(80), want: model.ProtocolHTTP2},
		"the other backend declares HTTP":        {web: silent(80), v1: declared(model.ProtocolHTTP), v2: silent(80), want: model.ProtocolHTTP},
		"the root declares TCP":                  {web: declared(model.ProtocolTCP), v1: silent(80), v2: silent(80), want: model.ProtocolTCP},
		"a group is for the root's pods":         {web: silent(80), v1: silent(80), v2: silent(80), target: shopKey("web"), want: model.ProtocolHTTP},
		"a group is for another backend's pods":  {web: silent(80), v1: silent(80), v2: silent(80), target: shopKey("v1"), want: model.ProtocolHTTP},
		"another port":                           {web: silent(80), v1: silent(80), v2: silent(81), target: shopKey("v1"), want: model.ProtocolTCP},
		"nothing is said, and the default holds": {web: silent(80), v1: silent(80), v2: silent(80), want: model.ProtocolTCP},
		"what is declared does not change":       {web: silent(80), v1: silent(80), v2: declared(model.ProtocolTCP), target: shopKey("v1"), want: model.ProtocolTCP},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			g := NewGraph()
			g.Put(split("s", 0, map[string]uint32{"v1": 1, "v2": 1}))
			leaves(g, 2, "v1", tc.v1)
			leaves(g, 3, "v2", tc.v2)
			leaves(g, 1, "web", tc.web)
			if tc.target != (model.Key{}) {
				tt := target("t", rule(model.KindHTTPRouteGroup, "g"))
				tt.Destination = model.Identity(tc.target)
				g.Put(tt)
			}
			if got := speak(g, "v2"); got[0] != tc.want {
				t.Errorf("v2 speaks %v, want %v", got, tc.want)
			}
		})
	}
}

// TestATargetChangesWhatItsOwnServicesSpeakAlone: of many Services, those in
// front of its destination are dirty, and what follows from it no wider than
// from a change of these Services.
func TestATargetChangesWhatItsOwnServicesSpeakAlone(t *testing.T) {
	g := NewGraph()
	for i := range byte(50) {
		leaves(g, i, fmt.Sprint("web", i), silent(80))
	}
	tt := target("t", rule(model.KindHTTPRouteGroup, "g"))
	tt.Destination = model.Identity(shopKey("web7"))
	d := g.Put(tt)
	if len(d.Services) != 1 || !d.Services.has(shopKey("web7")) || len(d.Pods) != 1 || len(d.Addresses) != 1 || d.AllInbound || d.Everything || !d.Listener {
		t.Errorf("got %+v, want the one Service, its pod, its address and the listener", d)
	}
	tt = target("t", rule(model.KindHTTPRouteGroup, "g", "a"))
	tt.Destination = model.Identity(shopKey("web7"))
	if d := g.Put(tt); len(d.Services) != 0 || len(d.Pods) != 0 || d.Listener {
		t.Errorf("got %+v for a target that says the same of the port", d)
	}
}

// TestRulesThatCanNotApplyAreTold: to the author of the TrafficTarget and to
// that of the Service, until it is mended.
func TestRulesThatCanNotApplyAreTold(t *testing.T) {
	web, tt := model.Ref{Kind: model.KindService, Key: shopKey("web")}, model.Ref{Kind: model.KindTrafficTarget, Key: shopKey("t")}
	told := func(g *Graph) [2]int { return [2]int{len(g.Diagnose(web)), len(g.Diagnose(tt))} }
	declared := model.Port{Name: "tcp-web", Number: 80, Protocol: model.ProtocolTCP}
	g := NewGraph()
	leaves(g, 1, "web", declared)
	g.Put(group("g", "a"))
	d := g.Put(target("t", rule(model.KindHTTPRouteGroup, "g")))
	if got := told(g); got != [2]int{1, 1} || !d.Objects.has(web) || !d.Objects.has(tt) {
		t.Errorf("%v are told of a group for a TCP port, and %v is dirty", got, d.Objects)
	}
	// A Service of another namespace leads there: it is none of its business.
	g.Put(&model.Service{Key: model.Key{Namespace: "bank", Name: "web"}, Ports: []model.Port{declared}})
	foreign := *g.slices[shopKey("web-abc")]
	foreign.Key, foreign.Service = model.Key{Namespace: "bank", Name: "web-1"}, model.Key{Namespace: "bank", Name: "web"}
	g.Put(&foreign)
	if ds := g.Diagnose(model.Ref{Kind: model.KindService, Key: foreign.Service}); len(ds) > 0 {
		t.Errorf("another tenant is told of it: %v", ds)
	}
	// Another Service has a port that the group can judge.
	service(g, 2, "other", 80)
	pod := *g.pods[shopKey("other-0")]
	pod.Identity = model.Identity(web.Key)
	d = g.Put(&pod)
	if got := told(g); got != [2]int{} || !d.Objects.has(web) || !d.Objects.has(tt) {
		t.Errorf("%v are told though the group has a port, and %v is dirty", got, d.Objects)
	}
	g.Delete(pod.Ref())
	d = leaves(g, 1, "web", silent(80))
	if got := told(g); got != [2]int{} || !d.Objects.has(web) {
		t.Errorf("%v are told of an undeclared port, and %v is dirty", got, d.Objects)
	}
}

// TestWhatIsDecidedIsUpToDate: after each of any changes, what ports speak and who
// is told is what follows from what there is.
func TestWhatIsDecidedIsUpToDate(t *testing.T) {
	told := 0
	for seed := range uint64(150) {
		w := modeltest.New(seed, 11)
		g := NewGraph()
		for step := range 200 {
			f := w.Fragment()
			var d *Dirty
			if w.IntN(4) == 0 {
				d = g.Delete(f.Ref())
			} else {
				d = g.Put(f)
			}
			for k, s := range g.services {
				if want := g.decided(g.written(k)); !slices.Equal(s.Ports, want.Ports) {
					t.Fatalf("seed %d step %d: after %s the ports of %s are %v, want %v", seed, step, f.Ref(), k, s.Ports, want.Ports)
				}
				if got, want := g.rules.warnings[k], g.diagnosePorts(k); !slices.Equal(got, want) {
					t.Fatalf("seed %d step %d: after %s %s is told %v, want %v", seed, step, f.Ref(), k, got, want)
				}
				told += len(g.rules.warnings[k])
			}
			for k := range g.rules.warnings {
				if g.services[k] == nil {
					t.Fatalf("seed %d step %d: after %s %s is told something, which is not there", seed, step, f.Ref(), k)
				}
			}
			for k, target := range g.targets {
				if _, idle := g.idlePort(target); idle != g.rules.idle.has(k) {
					t.Fatalf("seed %d step %d: after %s it is not known whether the groups of %s are of use; %v", seed, step, f.Ref(), k, d.Objects)
				}
			}
		}
	}
	if told == 0 {
		t.Error("no Service was ever told anything")
	}
}
