package versions

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/weft-mesh/weft/translators/model"
)

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var object map[string]any
	if err := utiljson.Unmarshal(raw, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

func convert(t *testing.T, object map[string]any, version string) map[string]any {
	t.Helper()
	before := clone(object)
	got, err := Convert(object, groupOf(object)+"/"+version)
	if err != nil {
		t.Fatal(err)
	}
	if diff := differ(before, object); diff != "" {
		t.Errorf("the object that was passed has changed:\n%s", diff)
	}
	return got
}

// differ is cmp.Diff, without its cost where there is nothing to tell.
func differ(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want, got)
}

func groupOf(object map[string]any) string {
	return Group(model.Kind(object["kind"].(string)))
}

const (
	meta   = "metadata: {name: x, namespace: shop, uid: u, labels: {a: b}, annotations: {mine: kept}, ownerReferences: [{name: o}], managedFields: [{manager: m}]}\n"
	split1 = "apiVersion: split.smi-spec.io/v1alpha1\nkind: TrafficSplit\n" + meta
	split2 = "apiVersion: split.smi-spec.io/v1alpha2\nkind: TrafficSplit\n" + meta
	split4 = "apiVersion: split.smi-spec.io/v1alpha4\nkind: TrafficSplit\n" + meta
	tt1    = "apiVersion: access.smi-spec.io/v1alpha1\nkind: TrafficTarget\n" + meta
	tt2    = "apiVersion: access.smi-spec.io/v1alpha2\nkind: TrafficTarget\n" + meta
	tt3    = "apiVersion: access.smi-spec.io/v1alpha3\nkind: TrafficTarget\n" + meta
	htr1   = "apiVersion: specs.smi-spec.io/v1alpha1\nkind: HTTPRouteGroup\n" + meta
	htr2   = "apiVersion: specs.smi-spec.io/v1alpha2\nkind: HTTPRouteGroup\n" + meta
	htr4   = "apiVersion: specs.smi-spec.io/v1alpha4\nkind: HTTPRouteGroup\n" + meta
	tr1    = "apiVersion: specs.smi-spec.io/v1alpha1\nkind: TCPRoute\n" + meta
	tr3    = "apiVersion: specs.smi-spec.io/v1alpha3\nkind: TCPRoute\n" + meta
	tr4    = "apiVersion: specs.smi-spec.io/v1alpha4\nkind: TCPRoute\n" + meta
)

// TestConvert: what each version makes of another, and that it comes back as it
// was written.
func TestConvert(t *testing.T) {
	tests := map[string]struct {
		from string
		to   string
		// want is what is beside the metadata.
		want string
		kept string
	}{
		"trap 4: quantities keep their ratios": {
			from: split1 + `spec: {service: web, backends: [{service: a, weight: "1"}, {service: b, weight: 500m}, {service: c, weight: 1k}, {service: d, weight: 0.5}]}`,
			to:   "v1alpha4",
			want: `spec: {service: web, backends: [{service: a, weight: 2}, {service: b, weight: 1}, {service: c, weight: 2000}, {service: d, weight: 1}]}`,
			kept: `{"weights":[{"service":"a","weight":2,"written":"1"},{"service":"b","weight":1,"written":"500m"},{"service":"c","weight":2000,"written":"1k"},{"service":"d","weight":1,"written":0.5}]}`,
		},
		"trap 4: one and a half are 67 to 33": {
			from: split1 + `spec: {service: web, backends: [{service: a, weight: 1}, {service: b, weight: 500m}]}`,
			to:   "v1alpha2",
			want: `spec: {service: web, backends: [{service: a, weight: 2}, {service: b, weight: 1}]}`,
			kept: `{"weights":[{"service":"a","weight":2,"written":1},{"service":"b","weight":1,"written":"500m"}]}`,
		},
		"whole quantities stay as they are": {
			from: split1 + `spec: {service: web, backends: [{service: a, weight: 90}, {service: b, weight: 10}, {service: c, weight: 0}]}`,
			to:   "v1alpha4",
			want: `spec: {service: web, backends: [{service: a, weight: 90}, {service: b, weight: 10}, {service: c, weight: 0}]}`,
		},
		"matches are kept where there is no field for them": {
			from: split4 + `spec: {service: web, backends: [{service: a, weight: 3}], matches: [{apiGroup: specs.smi-spec.io, kind: HTTPRouteGroup, name: g}, {kind: HTTPRouteGroup, name: h}]}`,
			to:   "v1alpha1",
			want: `spec: {service: web, backends: [{service: a, weight: 3}]}`,
			kept: `{"matches":[{"apiGroup":"specs.smi-spec.io","kind":"HTTPRouteGroup","name":"g"},{"kind":"HTTPRouteGroup","name":"h"}]}`,
		},
		"matches of v1alpha3": {
			from: split4 + `spec: {service: web, backends: [{service: a, weight: 3}], matches: [{apiGroup: null, kind: HTTPRouteGroup, name: g}]}`,
			to:   "v1alpha3",
			want: `spec: {service: web, backends: [{service: a, weight: 3}], matches: [{apiGroup: null, kind: HTTPRouteGroup, name: g}]}`,
		},
		"trap 26: the port of a flat target": {
			from: tt1 + "destination: {kind: ServiceAccount, name: web, port: 8080}\nspecs: [{kind: HTTPRouteGroup, name: g, matches: [m]}]\nsources: [{kind: ServiceAccount, name: front, namespace: other}]",
			to:   "v1alpha3",
			want: "spec: {destination: {kind: ServiceAccount, name: web}, rules: [{kind: HTTPRouteGroup, name: g, matches: [m]}], sources: [{kind: ServiceAccount, name: front, namespace: other}]}",
			kept: `{"port":{"of":{"kind":"ServiceAccount","name":"web"},"value":8080}}`,
		},
		"trap 26: the port of v1alpha1 in v1alpha2": {
			from: tt1 + "destination: {kind: ServiceAccount, name: web, port: 8080}\nspecs: [{kind: TCPRoute, name: g}]\nsources: []",
			to:   "v1alpha2",
			want: "spec: {destination: {kind: ServiceAccount, name: web, port: 8080}, rules: [{kind: TCPRoute, name: g}], sources: []}",
		},
		"a target without a port": {
			from: tt3 + "spec: {destination: {kind: ServiceAccount, name: web}, rules: [{kind: UDPRoute, name: u}], sources: [{kind: ServiceAccount, name: a}]}",
			to:   "v1alpha1",
			want: "destination: {kind: ServiceAccount, name: web}\nspecs: [{kind: UDPRoute, name: u}]\nsources: [{kind: ServiceAccount, name: a}]",
		},
		"headers are kept where there is no field for them": {
			from: htr4 + `spec: {matches: [{name: a, pathRegex: /a}, {name: b, headers: [{x-a: "<b>"}]}, {name: c, methods: [GET], headers: {q: z}}]}`,
			to:   "v1alpha1",
			want: `matches: [{name: a, pathRegex: /a}, {name: b}, {name: c, methods: [GET]}]`,
			kept: `{"headers":[{"headers":[{"x-a":"<b>"}],"name":"b"},{"headers":{"q":"z"},"name":"c"}]}`,
		},
		"trap 34: a flat group with headers as a map": {
			from: htr2 + `matches: [{name: a, headers: {x-a: b}}]`,
			to:   "v1alpha4",
			want: `spec: {matches: [{name: a, headers: {x-a: b}}]}`,
		},
		"ports of a TCPRoute are kept in v1alpha1": {
			from: tr4 + `spec: {matches: {ports: [80, 443]}}`, to: "v1alpha1", want: "{}",
			kept: `{"spec":{"matches":{"ports":[80,443]}}}`,
		},
		"ports of a TCPRoute are kept in v1alpha3": {
			from: tr4 + `spec: {matches: {ports: [80, 443]}}`, to: "v1alpha3", want: "spec: {}",
			kept: `{"matches":{"ports":[80,443]}}`,
		},
		"a TCPRoute of v1alpha1": {from: tr1, to: "v1alpha4", want: "{}"},
		"a TCPRoute of v1alpha3": {from: tr3 + "spec: {}", to: "v1alpha4", want: "spec: {}"},
		"an empty list of ports": {from: tr4 + `spec: {matches: {ports: []}}`, to: "v1alpha2", want: "{}", kept: `{"spec":{"matches":{"ports":[]}}}`},
		"status comes along":     {from: htr4 + "spec: {matches: [{name: a}]}\nstatus: {conditions: [{type: Accepted}]}", to: "v1alpha2", want: "matches: [{name: a}]\nstatus: {conditions: [{type: Accepted}]}"},

		// What can't be understood is carried over as it is.
		"a weight that is no quantity": {
			from: split1 + `spec: {service: web, backends: [{service: a, weight: "1"}, {service: b, weight: lots}]}`, to: "v1alpha4",
			want: `spec: {service: web, backends: [{service: a, weight: "1"}, {service: b, weight: lots}]}`,
		},
		"a negative weight": {
			from: split1 + `spec: {service: web, backends: [{service: a, weight: -1}]}`, to: "v1alpha4",
			want: `spec: {service: web, backends: [{service: a, weight: -1}]}`,
		},
		"a backend that is none": {from: split1 + `spec: {backends: [a, {weight: 500m}]}`, to: "v1alpha4", want: `spec: {backends: [a, {weight: 500m}]}`},
		"a spec that is none":    {from: tt3 + "spec: nothing", to: "v1alpha1", want: "spec: nothing"},
		"no spec":                {from: split4, to: "v1alpha1", want: "{}"},
		"matches that are none":  {from: htr2 + "matches: all", to: "v1alpha4", want: "spec: {matches: all}"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			from := parse(t, tc.from)
			got := convert(t, from, tc.to)
			want := parse(t, tc.want)
			want["kind"], want["apiVersion"] = from["kind"], groupOf(from)+"/"+tc.to
			want["metadata"] = clone(from["metadata"])
			if tc.kept != "" {
				want["metadata"].(map[string]any)["annotations"].(map[string]any)[Annotation] = tc.kept
			}
			if diff := differ(want, got); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			_, version, _ := strings.Cut(from["apiVersion"].(string), "/")
			if diff := differ(from, convert(t, got, version)); diff != "" {
				t.Errorf("it does not come back (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWhatChangedMeanwhile: what is kept yields to what somebody wrote since.
func TestWhatChangedMeanwhile(t *testing.T) {
	set := func(value any, path ...string) func(map[string]any) {
		return func(object map[string]any) {
			for _, name := range path[:len(path)-1] {
				object = mapAt(object, name)
			}
			object[path[len(path)-1]] = value
		}
	}
	tests := map[string]struct {
		from   string
		to     string
		change func(map[string]any)
		// want is the object in its first version again.
		want string
	}{
		"other weights are not written as before": {
			from: split1 + `spec: {service: web, backends: [{service: a, weight: "1"}, {service: b, weight: 500m}]}`, to: "v1alpha4",
			change: set([]any{map[string]any{"service": "a", "weight": int64(5)}, map[string]any{"service": "b", "weight": int64(1)}}, "spec", "backends"),
			want:   split1 + `spec: {service: web, backends: [{service: a, weight: 5}, {service: b, weight: 1}]}`,
		},
		"other backends are not either": {
			from: split1 + `spec: {service: web, backends: [{service: a, weight: "1"}, {service: b, weight: 500m}]}`, to: "v1alpha4",
			change: set([]any{map[string]any{"service": "c", "weight": int64(2)}, map[string]any{"service": "b", "weight": int64(1)}}, "spec", "backends"),
			want:   split1 + `spec: {service: web, backends: [{service: c, weight: 2}, {service: b, weight: 1}]}`,
		},
		"matches survive a change of the weights in v1alpha2": {
			from: split4 + `spec: {service: web, backends: [{service: a, weight: 3}], matches: [{kind: HTTPRouteGroup, name: g}]}`, to: "v1alpha2",
			change: set([]any{map[string]any{"service": "b", "weight": int64(9)}}, "spec", "backends"),
			want:   split4 + `spec: {service: web, backends: [{service: b, weight: 9}], matches: [{kind: HTTPRouteGroup, name: g}]}`,
		},
		"a port is of the destination that it was written for": {
			from: tt2 + "spec: {destination: {kind: ServiceAccount, name: web, port: 8080}}", to: "v1alpha3",
			change: set("db", "spec", "destination", "name"),
			want:   tt2 + "spec: {destination: {kind: ServiceAccount, name: db}}",
		},
		"a port survives other sources": {
			from: tt2 + "spec: {destination: {kind: ServiceAccount, name: web, port: 8080}}", to: "v1alpha3",
			change: set([]any{"x"}, "spec", "sources"),
			want:   tt2 + "spec: {destination: {kind: ServiceAccount, name: web, port: 8080}, sources: [x]}",
		},
		"headers survive another path, and a new match before": {
			from: htr4 + `spec: {matches: [{name: b, headers: [{x: v}]}]}`, to: "v1alpha1",
			change: set([]any{map[string]any{"name": "new"}, map[string]any{"name": "b", "pathRegex": "/b"}}, "matches"),
			want:   htr4 + `spec: {matches: [{name: new}, {name: b, pathRegex: /b, headers: [{x: v}]}]}`,
		},
		"headers go with their match": {
			from: htr4 + `spec: {matches: [{name: b, headers: [{x: v}]}]}`, to: "v1alpha1",
			change: set([]any{map[string]any{"name": "new"}}, "matches"),
			want:   htr4 + `spec: {matches: [{name: new}]}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			from := parse(t, tc.from)
			_, version, _ := strings.Cut(from["apiVersion"].(string), "/")
			got := convert(t, from, tc.to)
			tc.change(got)
			if diff := differ(parse(t, tc.want), convert(t, got, version)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestTheAnnotationIsNoBackDoor: what is kept of an older version means nothing
// in a version that has fields for it, and an annotation that makes no sense
// does not stand in the way.
func TestTheAnnotationIsNoBackDoor(t *testing.T) {
	matched := split4 + `spec: {service: web, backends: []}`
	for _, text := range []string{`{"matches":[{"name":"g"}],"spec":{"a":1},"headers":[]}`, "not JSON", "[]", "null", `{"weights":7,"port":"x"}`, `{"weights":[7]}`} {
		object := parse(t, matched)
		mapAt(mapAt(object, "metadata"), "annotations")[Annotation] = text
		for _, version := range []string{"v1alpha1", "v1alpha2", "v1alpha3"} {
			back := convert(t, convert(t, object, version), "v1alpha4")
			if diff := differ(parse(t, matched)["spec"], back["spec"]); diff != "" {
				t.Errorf("%s by %s: %s", text, version, diff)
			}
		}
	}
}

func TestWhatCannotBeConverted(t *testing.T) {
	for name, tc := range map[string]struct{ object, to, want string }{
		"unknown kind":       {"{apiVersion: v1, kind: Service, metadata: {name: x}}", "v1", "no such version of this kind"},
		"unknown version":    {"{apiVersion: split.smi-spec.io/v1alpha9, kind: TrafficSplit, metadata: {name: x, namespace: shop}}", "split.smi-spec.io/v1alpha4", "TrafficSplit shop/x"},
		"unknown target":     {"{apiVersion: split.smi-spec.io/v1alpha4, kind: TrafficSplit}", "split.smi-spec.io/v1beta1", "to split.smi-spec.io/v1beta1"},
		"another group":      {"{apiVersion: split.smi-spec.io/v1alpha4, kind: TrafficSplit}", "specs.smi-spec.io/v1alpha1", "no such version"},
		"UDPRoute is new":    {"{apiVersion: specs.smi-spec.io/v1alpha4, kind: UDPRoute}", "specs.smi-spec.io/v1alpha3", "no such version"},
		"nothing":            {"{}", "split.smi-spec.io/v1alpha4", "no such version"},
		"odd metadata":       {"{apiVersion: specs.smi-spec.io/v1alpha4, kind: TCPRoute, metadata: [1], spec: {}}", "specs.smi-spec.io/v1alpha1", "metadata: [1] is not a map"},
		"annotations as odd": {"{apiVersion: specs.smi-spec.io/v1alpha4, kind: TCPRoute, metadata: {name: x, annotations: 5}, spec: {}}", "specs.smi-spec.io/v1alpha1", "metadata.annotations: 5 is not a map"},
	} {
		if _, err := Convert(parse(t, tc.object), tc.to); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
}

func TestFieldsAreNamedAsInTheVersion(t *testing.T) {
	for _, tc := range []struct {
		kind                model.Kind
		version, path, want string
	}{
		{model.KindTrafficTarget, "access.smi-spec.io/v1alpha1", "spec.rules[0].name", "specs[0].name"},
		{model.KindTrafficTarget, "access.smi-spec.io/v1alpha1", "spec.destination.port", "destination.port"},
		{model.KindTrafficTarget, "access.smi-spec.io/v1alpha1", "spec.sources", "sources"},
		{model.KindTrafficTarget, "access.smi-spec.io/v1alpha2", "spec.destination.port", "spec.destination.port"},
		{model.KindTrafficTarget, "access.smi-spec.io/v1alpha3", "spec.destination.port", "metadata.annotations[weft.mesh/conversion]"},
		{model.KindHTTPRouteGroup, "specs.smi-spec.io/v1alpha2", "spec.matches[0]", "matches[0]"},
		{model.KindHTTPRouteGroup, "specs.smi-spec.io/v1alpha3", "spec.matches[0]", "spec.matches[0]"},
		{model.KindTrafficSplit, "split.smi-spec.io/v1alpha1", "spec.backends[0]", "spec.backends[0]"},
	} {
		if got := Field(tc.kind, tc.version, tc.path); got != tc.want {
			t.Errorf("%s in %s is %s, want %s", tc.path, tc.version, got, tc.want)
		}
	}
}

func TestPort(t *testing.T) {
	hub := convert(t, parse(t, tt1+"destination: {kind: ServiceAccount, name: web, port: 8080}"), "v1alpha3")
	if port, ok := Port(hub); !ok || !same(port, 8080) || StalePort(hub) {
		t.Errorf("got %v, %v", port, ok)
	}
	mapAt(mapAt(hub, "spec"), "destination")["name"] = "db"
	if port, ok := Port(hub); ok || !StalePort(hub) {
		t.Errorf("got %v of another destination", port)
	}
	if _, ok := Port(parse(t, tt3+"spec: {}")); ok || StalePort(parse(t, tt3)) {
		t.Error("a port out of nowhere")
	}
}

// TestWhatIsKeptGoesWhenItSpeaksOfNothing: an entry whose origin has changed is
// not carried on.
func TestWhatIsKeptGoesWhenItSpeaksOfNothing(t *testing.T) {
	hub := convert(t, parse(t, split1+`spec: {service: web, backends: [{service: a, weight: 500m}]}`), "v1alpha4")
	mapAt(hub, "spec")["service"] = "other"
	if kept := mapAt(mapAt(convert(t, hub, "v1alpha2"), "metadata"), "annotations"); kept[Annotation] == nil {
		t.Errorf("how weights were written is gone, though they are the same: %v", kept)
	}
	mapAt(hub, "spec")["backends"] = []any{map[string]any{"service": "a", "weight": int64(7)}}
	if kept := mapAt(mapAt(convert(t, hub, "v1alpha2"), "metadata"), "annotations"); kept[Annotation] != nil {
		t.Errorf("kept is %v", kept[Annotation])
	}
}

// TestMatchesOfOneName: no CRD of ours lets them in, and they come back all the
// same.
func TestMatchesOfOneName(t *testing.T) {
	from := parse(t, htr4+`spec: {matches: [{name: a, headers: [{x: "1"}]}, {name: a, headers: [{x: "2"}]}]}`)
	if diff := differ(from, convert(t, convert(t, from, "v1alpha1"), "v1alpha4")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
