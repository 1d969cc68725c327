package suite

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// routeGroups is a CRD whose versions take headers as SMI's SDK has them, as weft has them, and not at all.
const routeGroups = `
spec:
  versions:
  - name: v1alpha4
    schema: {openAPIV3Schema: {properties: {spec: {properties: {matches: {items: {properties: {headers: {type: array, items: {type: object}}}}}}}}}}
  - name: v1alpha3
    schema: {openAPIV3Schema: {properties: {spec: {properties: {matches: {items: {properties: {headers: {type: object}}}}}}}}}
  - name: v1alpha2
    schema: {openAPIV3Schema: {properties: {matches: {items: {properties: {headers: {type: array}}}}}}}
  - name: v1alpha1
    schema: {openAPIV3Schema: {properties: {matches: {items: {properties: {headers: {x-kubernetes-preserve-unknown-fields: true}}}}}}}
`

func TestHeadersAreWrittenAsTheClusterTakesThem(t *testing.T) {
	crd := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(routeGroups), &crd.Object); err != nil {
		t.Fatal(err)
	}
	_, e := newWorld("")
	e.headersAreList = func(version string) (bool, error) { return listOfHeaders(crd, version), nil }
	const list, asMap = `[{"x-b":"2"},{"x-a":"1"}]`, `{"x-a":"1","x-b":"2"}`
	for version, want := range map[string]string{"v1alpha4": list, "v1alpha3": asMap, "v1alpha2": list, "v1alpha1": asMap, "v1beta1": asMap} {
		got, err := render(`{{.Headers "`+version+`" "x-b" "2" "x-a" "1"}}`, "", e)
		if got != want || err != nil {
			t.Errorf("%s: %s, %v, want %s", version, got, err, want)
		}
	}
	if _, err := e.Headers("v1alpha4", "x-a"); err == nil {
		t.Error("a name without a value is no error")
	}
	e.headersAreList = func(string) (bool, error) { return false, errors.New("no CRD can be read") }
	if _, err := e.Headers("v1alpha4", "x-a", "1"); err == nil || !strings.Contains(err.Error(), "no CRD") {
		t.Errorf("error %v", err)
	}
}
