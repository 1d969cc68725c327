package smi

import (
	"errors"
	"testing"
	"unicode/utf8"

	accessv1alpha3 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/access/v1alpha3"
	specsv1alpha4 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/specs/v1alpha4"
	splitv1alpha4 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/split/v1alpha4"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/weft-mesh/weft/translators/model"
)

func TestTypedObjectsReadAsStoredOnes(t *testing.T) {
	meta := metav1.ObjectMeta{Name: "x", Namespace: "shop"}
	split, diagnostics := Split(&splitv1alpha4.TrafficSplit{ObjectMeta: meta, Spec: splitv1alpha4.TrafficSplitSpec{
		Service:  "web",
		Backends: []splitv1alpha4.TrafficSplitBackend{{Service: "a", Weight: 1}, {Service: "b", Weight: -1}},
	}})
	if split != nil {
		t.Errorf("got %+v, want no fragment", split)
	}
	checkDiagnostics(t, diagnostics, []refusal{{reason: "Invalid", field: "spec.backends[1].weight", message: "-1 is out of range"}})

	target, diagnostics := Target(&accessv1alpha3.TrafficTarget{ObjectMeta: meta, Spec: accessv1alpha3.TrafficTargetSpec{
		Destination: accessv1alpha3.IdentityBindingSubject{Kind: "ServiceAccount", Name: "web"},
		Sources:     []accessv1alpha3.IdentityBindingSubject{{Kind: "ServiceAccount", Name: "front"}},
		Rules:       []accessv1alpha3.TrafficTargetRule{{Kind: "HTTPRouteGroup", Name: "routes"}},
	}})
	checkFragment(t, target, targetOf(nil))
	checkDiagnostics(t, diagnostics, nil)

	group, diagnostics := RouteGroup(&specsv1alpha4.HTTPRouteGroup{ObjectMeta: meta, Spec: specsv1alpha4.HTTPRouteGroupSpec{
		Matches: []specsv1alpha4.HTTPMatch{{Name: "m", Headers: map[string]string{"B": "2", "a": "1"}}},
	}})
	checkFragment(t, group, groupOf(match("m", model.HTTPMatch{Headers: []model.HeaderMatch{{Name: "a", Regex: "1"}, {Name: "b", Regex: "2"}}})))
	checkDiagnostics(t, diagnostics, nil)

	tcp, _ := TCPRoute(&specsv1alpha4.TCPRoute{ObjectMeta: meta, Spec: specsv1alpha4.TCPRouteSpec{Matches: specsv1alpha4.TCPMatch{Ports: []int{80}}}})
	checkFragment(t, tcp, &model.PortRoute{Kind: model.KindTCPRoute, Key: key("x"), Ports: []uint16{80}})
	udp, _ := UDPRoute(&specsv1alpha4.UDPRoute{ObjectMeta: meta})
	checkFragment(t, udp, &model.PortRoute{Kind: model.KindUDPRoute, Key: key("x")})
}

func TestOtherObjectsAreNobodysBusiness(t *testing.T) {
	for name, text := range map[string]string{
		"core kind":   "{apiVersion: v1, kind: Service}",
		"no version":  "{apiVersion: split.smi-spec.io/v1alpha9, kind: TrafficSplit}",
		"UDPRoute v3": "{apiVersion: specs.smi-spec.io/v1alpha3, kind: UDPRoute}",
		"wrong group": "{apiVersion: specs.smi-spec.io/v1alpha4, kind: TrafficSplit}",
		"nothing":     "{}",
		"odd types":   "{apiVersion: [1], kind: {a: b}}",
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := ConvertYAML([]byte(text)); !errors.Is(err, ErrUnknownKind) {
				t.Errorf("got %v, want ErrUnknownKind", err)
			}
		})
	}
	if _, _, err := ConvertYAML([]byte("\t{")); err == nil || errors.Is(err, ErrUnknownKind) {
		t.Errorf("got %v, want an error of the YAML", err)
	}
}

// FuzzConvert: whatever is stored, there is an answer, and what is in force is
// within the bounds that the translators rely on.
func FuzzConvert(f *testing.F) {
	for _, seed := range []string{
		splitHead + `spec: {service: web, backends: [{service: a, weight: 1}, {service: b, weight: -1.5}], matches: [{kind: HTTPRouteGroup, name: a}]}`,
		splitHead + `spec: {service: web.shop.svc, backends: [{service: a, weight: 4294967295}, {service: a, weight: 0}]}`,
		targetHead + `spec: {` + toWeb + "," + fromFront + `, rules: [{kind: HTTPRouteGroup, name: routes, matches: [a]}, 7]}`,
		groupHead + `spec: {matches: [{name: a, pathRegex: "/(a|b)", methods: ["*"], headers: [{a: b}]}, {name: b, headers: {c: "\\p{Letter}"}}]}`,
		`{apiVersion: specs.smi-spec.io/v1alpha4, kind: TCPRoute, metadata: {name: x, namespace: shop}, spec: {matches: {ports: [1, 1e9, a]}}}`,
		`{apiVersion: specs.smi-spec.io/v1alpha4, kind: UDPRoute, metadata: [], spec: {matches: []}}`,
		`{apiVersion: split.smi-spec.io/v1alpha1, kind: TrafficSplit, spec: {service: web, backends: [{service: a, weight: 500m}, {service: b, weight: 1e9}]}}`,
		`{apiVersion: access.smi-spec.io/v1alpha1, kind: TrafficTarget, ` + toWeb + "," + fromFront + `, specs: [{kind: TCPRoute, name: r}]}`,
		`{apiVersion: specs.smi-spec.io/v1alpha2, kind: HTTPRouteGroup, matches: [{name: a, headers: {a: b}}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		fragment, diagnostics, err := ConvertYAML(text)
		if err != nil {
			return
		}
		refused := false
		for _, d := range diagnostics {
			refused = refused || !d.Warning
			if d.Reason == "" || d.Message == "" || !utf8.ValidString(d.Text()) {
				t.Errorf("diagnostic %+v", d)
			}
		}
		if fragment == nil {
			if !refused {
				t.Error("nothing is in force and nobody says why")
			}
			return
		}
		checkBounds(t, fragment)
	})
}

func checkBounds(t *testing.T, fragment model.Fragment) {
	switch f := fragment.(type) {
	case *model.Split:
		var sum uint64
		for _, b := range f.Backends {
			sum += uint64(b.Weight)
		}
		if f.Root.Name == "" || len(f.Backends) == 0 || sum > 1<<32-1 {
			t.Errorf("split %+v", f)
		}
	case *model.Target:
		if f.Destination.Namespace != f.Namespace || len(f.Sources) == 0 || len(f.Rules) == 0 {
			t.Errorf("target %+v", f)
		}
	case *model.RouteGroup:
		for _, m := range f.Matches {
			if m.Name == "" || checkPathRegex(m.PathRegex) != nil {
				t.Errorf("match %+v", m)
			}
			for _, h := range m.Headers {
				if h.Name == "" || h.Regex == "" || checkRegex(h.Regex) != nil {
					t.Errorf("header %+v", h)
				}
			}
		}
	case *model.PortRoute:
		for _, p := range f.Ports {
			if p == 0 {
				t.Errorf("route %+v", f)
			}
		}
	}
}
