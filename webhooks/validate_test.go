package webhooks

import (
	"context"
	"net/http"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
	"sigs.k8s.io/yaml"
)

const (
	goodSplit = `{apiVersion: split.smi-spec.io/v1alpha4, kind: TrafficSplit, metadata: {name: web, namespace: shop},
  spec: {service: web, backends: [{service: v1, weight: 3}, {service: v2, weight: 1}]}}`
	wrongSplit = `{apiVersion: split.smi-spec.io/v1alpha4, kind: TrafficSplit, metadata: {name: web, namespace: shop},
  spec: {service: web, backends: [{service: v1, weight: -3}, {service: v2, weight: 1}]}}`
	worseSplit = `{apiVersion: split.smi-spec.io/v1alpha4, kind: TrafficSplit, metadata: {name: web, namespace: shop},
  spec: {service: web, backends: [{service: v1, weight: -3}, {service: v2, weight: -1}]}}`
	mesh = `{apiVersion: weft.mesh/v1alpha1, kind: MeshConfig, metadata: {name: weft}, spec: {access: permissive}}`
)

// Trap 3: a weight that is none is refused, and what was stored all the same can
// be stored again.
func TestValidate(t *testing.T) {
	tests := map[string]struct {
		old, object string
		// refusal and warning are parts of the answer; empty for none.
		refusal, warning string
	}{
		"good":                                {object: goodSplit},
		"wrong weight":                        {object: wrongSplit, refusal: "spec.backends[0].weight: -3"},
		"every mistake is named":              {object: worseSplit, refusal: "spec.backends[1].weight: -1"},
		"all weights zero is only warned of":  {object: strings.NewReplacer("weight: 3", "weight: 0", "weight: 1", "weight: 0").Replace(goodSplit), warning: "503"},
		"an update that makes it wrong":       {old: goodSplit, object: wrongSplit, refusal: "spec.backends[0].weight: -3"},
		"an update of what was wrong":         {old: wrongSplit, object: strings.Replace(wrongSplit, "name: web,", "name: web, labels: {a: b},", 1), warning: "spec.backends[0].weight: -3"},
		"an update that makes it worse":       {old: wrongSplit, object: worseSplit, refusal: "spec.backends[1].weight: -1", warning: "spec.backends[0].weight: -3"},
		"an update that mends it":             {old: wrongSplit, object: goodSplit},
		"an object that is going":             {object: strings.Replace(wrongSplit, "name: web,", "name: web, deletionTimestamp: '2026-01-01T00:00:00Z',", 1)},
		"invalid regex":                       {object: `{apiVersion: specs.smi-spec.io/v1alpha4, kind: HTTPRouteGroup, metadata: {name: g, namespace: shop}, spec: {matches: [{name: m, pathRegex: '(?=x)'}]}}`, refusal: "spec.matches[0]: pathRegex"},
		"no sources":                          {object: `{apiVersion: access.smi-spec.io/v1alpha3, kind: TrafficTarget, metadata: {name: t, namespace: shop}, spec: {destination: {kind: ServiceAccount, name: a}, rules: [{kind: TCPRoute, name: r}], sources: []}}`, refusal: "spec.sources"},
		"destination in another namespace":    {object: `{apiVersion: access.smi-spec.io/v1alpha3, kind: TrafficTarget, metadata: {name: t, namespace: shop}, spec: {destination: {kind: ServiceAccount, name: a, namespace: other}, rules: [{kind: TCPRoute, name: r}], sources: [{kind: ServiceAccount, name: b}]}}`, refusal: "spec.destination.namespace"},
		"port out of range":                   {object: `{apiVersion: specs.smi-spec.io/v1alpha4, kind: TCPRoute, metadata: {name: r, namespace: shop}, spec: {matches: {ports: [70000]}}}`, refusal: "spec.matches.ports[0]"},
		"mesh":                                {object: mesh},
		"mesh of another name":                {object: strings.Replace(mesh, "name: weft", "name: mine", 1), refusal: `metadata.name: "mine"`},
		"mesh with an unknown mode":           {object: strings.Replace(mesh, "permissive", "open", 1), refusal: "spec.access"},
		"a version that is nobody's business": {object: strings.Replace(wrongSplit, "v1alpha4", "v1alpha9", 1)},

		// Trap 65: old manifests, each answered in its own words.
		"v1alpha1 quantity":            {object: strings.NewReplacer("v1alpha4", "v1alpha1", "weight: 3", "weight: 1500m").Replace(goodSplit)},
		"v1alpha1 no quantity":         {object: strings.NewReplacer("v1alpha4", "v1alpha1", "weight: 3", "weight: lots").Replace(goodSplit), refusal: `spec.backends[0].weight: "lots" is not a quantity; write one, as in 1, 500m or 0.5`},
		"v1alpha1 negative":            {object: strings.Replace(wrongSplit, "v1alpha4", "v1alpha1", 1), refusal: "spec.backends[0].weight: -3 is negative"},
		"v1alpha2 fraction":            {object: strings.NewReplacer("v1alpha4", "v1alpha2", "weight: 3", "weight: 0.5").Replace(goodSplit), refusal: "spec.backends[0].weight: 0.5 is not a whole number"},
		"v1alpha1 port":                {object: flatTarget("port: 8080", "name: r")},
		"v1alpha1 port of none":        {object: flatTarget("port: 70000", "name: r"), refusal: "destination.port: 70000 is out of range; write a whole number from 1 to 65535"},
		"v1alpha1 spec without a name": {object: flatTarget("port: 8080", "matches: [m]"), refusal: "specs[0].name: no HTTPRouteGroup is named"},
		"v1alpha2 match":               {object: `{apiVersion: specs.smi-spec.io/v1alpha2, kind: HTTPRouteGroup, metadata: {name: g, namespace: shop}, matches: [{name: m, pathRegex: '(?=x)'}]}`, refusal: "matches[0]: pathRegex"},
		"v1alpha3 with a port kept":    {object: keptTarget("a"), warning: "metadata.annotations[weft.mesh/conversion]: an older version's destination.port narrows all of it to port 8080"},
		"v1alpha3 with a stale port":   {object: keptTarget("z"), warning: "metadata.annotations[weft.mesh/conversion]: it keeps a port of another destination"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := ObjectHandler{}.Handle(context.Background(), objectRequest(t, test.old, test.object))
			if got.Allowed != (test.refusal == "") {
				t.Fatalf("allowed is %v: %+v", got.Allowed, got.Result)
			}
			if !got.Allowed && (got.Result.Code != http.StatusUnprocessableEntity || !strings.Contains(got.Result.Message, test.refusal)) {
				t.Errorf("refused with %d %q, want %q", got.Result.Code, got.Result.Message, test.refusal)
			}
			warnings := strings.Join(got.Warnings, "\n")
			if (test.warning == "") != (warnings == "") || !strings.Contains(warnings, test.warning) {
				t.Errorf("warnings are %q, want %q", warnings, test.warning)
			}
		})
	}
}

func flatTarget(port, spec string) string {
	return `{apiVersion: access.smi-spec.io/v1alpha1, kind: TrafficTarget, metadata: {name: t, namespace: shop}, destination: {kind: ServiceAccount, name: a, ` + port +
		`}, specs: [{kind: HTTPRouteGroup, ` + spec + `}], sources: [{kind: ServiceAccount, name: b}]}`
}

// keptTarget has a port that v1alpha2 wrote for a destination.
func keptTarget(destination string) string {
	return `{apiVersion: access.smi-spec.io/v1alpha3, kind: TrafficTarget, metadata: {name: t, namespace: shop, annotations: {weft.mesh/conversion: '{"port":{"value":8080,"of":{"kind":"ServiceAccount","name":"` + destination + `"}}}'}},
  spec: {destination: {kind: ServiceAccount, name: a}, rules: [{kind: TCPRoute, name: r}], sources: [{kind: ServiceAccount, name: b}]}}`
}

func TestValidateOfGarbage(t *testing.T) {
	got := ObjectHandler{}.Handle(context.Background(), admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		Operation: admissionv1.Create, Object: runtime.RawExtension{Raw: []byte(`{"metadata":[]}`)},
	}})
	if got.Allowed || got.Result.Code != http.StatusBadRequest {
		t.Errorf("got %+v", got)
	}
	if got := (ObjectHandler{}).Handle(context.Background(), admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{Operation: admissionv1.Delete}}); !got.Allowed {
		t.Errorf("a deletion is refused: %+v", got)
	}
}

func FuzzValidate(f *testing.F) {
	for _, seed := range []string{goodSplit, wrongSplit, mesh} {
		raw, err := yaml.YAMLToJSON([]byte(seed))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		request := admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
			Operation: admissionv1.Update, Object: runtime.RawExtension{Raw: raw}, OldObject: runtime.RawExtension{Raw: raw},
		}}
		// What was stored already can always be stored again.
		if got := (ObjectHandler{}).Handle(context.Background(), request); !got.Allowed && got.Result.Code != http.StatusBadRequest {
			t.Errorf("refused: %+v", got.Result)
		}
	})
}

func objectRequest(t *testing.T, old, object string) admission.Request {
	t.Helper()
	request := admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{Operation: admissionv1.Create}}
	for text, into := range map[string]*runtime.RawExtension{old: &request.OldObject, object: &request.Object} {
		if text == "" {
			continue
		}
		raw, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		into.Raw = raw
	}
	if old != "" {
		request.Operation = admissionv1.Update
	}
	return request
}
