package webhooks

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
	"sigs.k8s.io/yaml"
)

func ask(t *testing.T, body []byte) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	ConvertHandler{}.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, ConvertPath, bytes.NewReader(body)))
	return w
}

func review(t *testing.T, version string, objects ...string) apiextensionsv1.ConversionReview {
	t.Helper()
	request := &apiextensionsv1.ConversionRequest{UID: "u", DesiredAPIVersion: version}
	for _, object := range objects {
		raw, err := yaml.YAMLToJSON([]byte(object))
		if err != nil {
			t.Fatal(err)
		}
		request.Objects = append(request.Objects, runtime.RawExtension{Raw: raw})
	}
	body, err := json.Marshal(apiextensionsv1.ConversionReview{TypeMeta: metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "ConversionReview"}, Request: request})
	if err != nil {
		t.Fatal(err)
	}
	w := ask(t, body)
	var got apiextensionsv1.ConversionReview
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	if got.APIVersion != "apiextensions.k8s.io/v1" || got.Kind != "ConversionReview" || got.Request != nil || got.Response.UID != "u" {
		t.Errorf("got %+v", got)
	}
	return got
}

func TestConvertAnswersWholeLists(t *testing.T) {
	got := review(t, "split.smi-spec.io/v1alpha1", goodSplit, strings.Replace(goodSplit, "name: web,", "name: other,", 1))
	if got.Response.Result.Status != metav1.StatusSuccess || len(got.Response.ConvertedObjects) != 2 {
		t.Fatalf("got %+v", got.Response)
	}
	if text := string(got.Response.ConvertedObjects[1].Raw); !strings.Contains(text, `"apiVersion":"split.smi-spec.io/v1alpha1"`) || !strings.Contains(text, `"name":"other"`) {
		t.Errorf("got %s", text)
	}
	if got := review(t, "split.smi-spec.io/v1alpha1"); got.Response.Result.Status != metav1.StatusSuccess || got.Response.ConvertedObjects == nil {
		t.Errorf("an empty list: %+v", got.Response)
	}
}

func TestConvertNamesWhatItCannot(t *testing.T) {
	got := review(t, "split.smi-spec.io/v1beta1", goodSplit)
	if got.Response.Result.Status != metav1.StatusFailure || len(got.Response.ConvertedObjects) != 0 || !strings.Contains(got.Response.Result.Message, "TrafficSplit shop/web") {
		t.Errorf("got %+v", got.Response)
	}
	for _, body := range []string{"", "{", "{}", "[]"} {
		if w := ask(t, []byte(body)); w.Code != http.StatusBadRequest {
			t.Errorf("%q: got %d", body, w.Code)
		}
	}
}

// TestHeadersAreStoredAsAList (trap 34).
func TestHeadersAreStoredAsAList(t *testing.T) {
	const group = `{apiVersion: specs.smi-spec.io/v1alpha4, kind: HTTPRouteGroup, metadata: {name: g}, spec: {matches: [{name: m, headers: {b: c, a: d}}]}}`
	request := objectRequest(t, "", group)
	got := HeadersHandler{}.Handle(context.Background(), request)
	patches, err := json.Marshal(got.Patches)
	if err != nil || !got.Allowed || string(patches) != `[{"op":"replace","path":"/spec/matches/0/headers","value":[{"a":"d"},{"b":"c"}]}]` {
		t.Errorf("got %+v, %s", got, patches)
	}
	if got := (HeadersHandler{}).Handle(context.Background(), objectRequest(t, "", goodSplit)); !got.Allowed || len(got.Patches) > 0 {
		t.Errorf("got %+v", got)
	}
	if got := (HeadersHandler{}).Handle(context.Background(), admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{}}); got.Allowed {
		t.Errorf("got %+v", got)
	}
}
