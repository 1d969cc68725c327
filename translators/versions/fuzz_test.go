package versions

import (
	"fmt"
	"math/rand/v2"
	"testing"

	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/weft-mesh/weft/translators/model"
)

// maker makes objects that are valid in a version, from a seed.
type maker struct{ *rand.Rand }

func (m maker) object(kind model.Kind, version string) map[string]any {
	o := map[string]any{
		"apiVersion": Group(kind) + "/" + version, "kind": string(kind),
		"metadata": map[string]any{"name": "x", "namespace": "shop", "labels": map[string]any{"a": "b"}},
	}
	if m.maybe() {
		mapAt(o, "metadata")["annotations"] = map[string]any{"mine": m.text()}
	}
	if m.maybe() {
		o["status"] = map[string]any{"conditions": []any{map[string]any{"type": "Accepted"}}}
	}
	flat := version == "v1alpha1" || version == "v1alpha2"
	switch kind {
	case model.KindTrafficSplit:
		o["spec"] = m.split(version)
	case model.KindTrafficTarget:
		m.target(o, version)
	case model.KindHTTPRouteGroup:
		matches := m.matches(version != "v1alpha1")
		if flat {
			o["matches"] = matches
		} else {
			o["spec"] = map[string]any{"matches": matches}
		}
	case model.KindTCPRoute, model.KindUDPRoute:
		if spec := m.ports(version); spec != nil && !flat {
			o["spec"] = spec
		}
	}
	return o
}

func (m maker) maybe() bool  { return m.IntN(2) == 0 }
func (m maker) text() string { return fmt.Sprintf("%c<%d>", 'a'+m.IntN(4), m.IntN(3)) }

func (m maker) split(version string) map[string]any {
	quantities := []any{"1", "500m", "1k", 0.5, int64(1), int64(0), "0m", "1500m", "10m", "2E", "1n", "100"}
	var backends []any
	for range 1 + m.IntN(3) {
		weight := any(int64(m.IntN(1000)))
		if version == "v1alpha1" {
			weight = quantities[m.IntN(len(quantities))]
		}
		backends = append(backends, map[string]any{"service": m.text(), "weight": weight})
	}
	spec := map[string]any{"service": m.text(), "backends": backends}
	if m.maybe() && (version == "v1alpha3" || version == "v1alpha4") {
		match := map[string]any{"kind": "HTTPRouteGroup", "name": m.text()}
		if m.maybe() {
			match["apiGroup"] = []any{nil, "specs.smi-spec.io", ""}[m.IntN(3)]
		}
		spec["matches"] = []any{match}
	}
	return spec
}

func (m maker) target(o map[string]any, version string) {
	subject := func() map[string]any {
		s := map[string]any{"kind": "ServiceAccount", "name": m.text()}
		if m.maybe() {
			s["namespace"] = m.text()
		}
		return s
	}
	destination := subject()
	if m.maybe() && version != "v1alpha3" {
		destination["port"] = int64(1 + m.IntN(65535))
	}
	rule := map[string]any{"kind": "HTTPRouteGroup", "name": m.text()}
	if m.maybe() {
		rule["matches"] = []any{m.text()}
	}
	into, rules := o, "specs"
	if version != "v1alpha1" {
		into, rules = map[string]any{}, "rules"
		o["spec"] = into
	}
	into["destination"], into["sources"], into[rules] = destination, []any{subject()}, []any{rule}
}

func (m maker) matches(headers bool) []any {
	var all []any
	for i := range 1 + m.IntN(3) {
		match := map[string]any{"name": fmt.Sprint("m", i)}
		if m.maybe() {
			match["pathRegex"] = m.text()
		}
		if m.maybe() {
			match["methods"] = []any{"GET"}
		}
		switch {
		case !headers:
		case m.maybe():
			match["headers"] = map[string]any{m.text(): m.text()}
		case m.maybe():
			match["headers"] = []any{map[string]any{m.text(): m.text()}, map[string]any{m.text(): m.text()}}
		}
		all = append(all, match)
	}
	return all
}

func (m maker) ports(version string) map[string]any {
	switch {
	case m.maybe():
		return nil
	case version == "v1alpha3" || m.maybe():
		return map[string]any{}
	case m.maybe():
		return map[string]any{"matches": map[string]any{}}
	}
	return map[string]any{"matches": map[string]any{"ports": []any{int64(m.IntN(65535))}}}
}

var converted = []model.Kind{model.KindTrafficSplit, model.KindTrafficTarget, model.KindHTTPRouteGroup, model.KindTCPRoute, model.KindUDPRoute}

// checkRoundTrips takes one object of each kind and version by every other pair
// of versions back to its own.
func checkRoundTrips(t *testing.T, seed uint64) {
	for _, kind := range converted {
		for _, first := range Of(kind) {
			m := maker{rand.New(rand.NewPCG(seed, 1))}
			object := m.object(kind, first)
			for _, second := range Of(kind) {
				for _, third := range Of(kind) {
					there := convert(t, convert(t, object, second), third)
					if diff := differ(object, convert(t, there, first)); diff != "" {
						t.Fatalf("%s %s by %s and %s (-want +got):\n%s", kind, first, second, third, diff)
					}
					checkHub(t, object, there)
				}
			}
		}
	}
}

// checkHub: whichever way an object takes, it is stored as the same.
func checkHub(t *testing.T, one, other map[string]any) {
	kind := model.Kind(one["kind"].(string))
	hub := Of(kind)[len(Of(kind))-1]
	if diff := differ(convert(t, one, hub), convert(t, other, hub)); diff != "" {
		t.Fatalf("%s is stored in two ways:\n%s", kind, diff)
	}
}

func TestRoundTrips(t *testing.T) {
	for seed := range uint64(30) {
		checkRoundTrips(t, seed)
	}
}

// FuzzRoundTrips: for every pair of versions, there and back is the same.
func FuzzRoundTrips(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(checkRoundTrips)
}

// FuzzConvert: whatever is stored can be read in every version, under its name,
// and what it is read as can be read again.
func FuzzConvert(f *testing.F) {
	f.Add([]byte(`{"spec":{"backends":[{"service":"a","weight":"1"},{"weight":"500m"}],"matches":[{}],"destination":{"port":1},"service":"w"},"metadata":{"annotations":{"weft.mesh/conversion":"{\"weights\":[{}],\"port\":{\"value\":1,\"of\":{}},\"matches\":1,\"headers\":[{\"name\":\"a\",\"headers\":1}],\"spec\":[]}"}}}`))
	f.Add([]byte(`{"matches":[{"name":"a","headers":[]},{"name":"a"},7],"destination":{"port":null},"specs":{},"metadata":{"name":"x","annotations":{}}}`))
	f.Add([]byte(`{"metadata":{"name":"x"},"spec":null,"matches":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var object map[string]any
		if utiljson.Unmarshal(raw, &object) != nil || object == nil {
			return
		}
		meta, isMap := object["metadata"].(map[string]any)
		_, isAnnotations := meta["annotations"].(map[string]any)
		storable := isMap && (isAnnotations || meta["annotations"] == nil)
		for _, kind := range converted {
			for _, from := range Of(kind) {
				for _, to := range Of(kind) {
					object["kind"], object["apiVersion"] = string(kind), Group(kind)+"/"+from
					got, err := Convert(object, Group(kind)+"/"+to)
					if err != nil && storable {
						t.Fatalf("%s is unreadable: %v", raw, err)
					}
					if err == nil && (got["apiVersion"] != Group(kind)+"/"+to || !same(mapAt(got, "metadata")["name"], meta["name"])) {
						t.Fatalf("%s became %v", raw, got)
					}
				}
			}
		}
	})
}
