package controllers

import (
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/versions"
	"github.com/weft-mesh/weft/webhooks"
)

// installed is a CRD as the API server holds it.
func installed(crd *apiextensionsv1.CustomResourceDefinition) *apiextensionsv1.CustomResourceDefinition {
	crd.Status.Conditions = []apiextensionsv1.CustomResourceDefinitionCondition{{Type: apiextensionsv1.Established, Status: apiextensionsv1.ConditionTrue}}
	return crd
}

// TestOurCRDsLackNothing: each version is served with a status, the latest is
// stored, and who converts is who answers.
func TestOurCRDsLackNothing(t *testing.T) {
	kinds := crdKinds()
	checked := 0
	for _, u := range documents(t, "crd") {
		kind, crd := kinds[u.GetName()], installed(crdOf(t, u.Object))
		if kind == "" {
			continue
		}
		checked++
		s := inspect(kind, crd)
		if s.version != versions.Latest(kind) || !s.status || s.advice() != "" {
			t.Errorf("%s: %+v", u.GetName(), s)
		}
		for _, v := range crd.Spec.Versions {
			if v.Storage != (crd.Spec.Group+"/"+v.Name == versions.Latest(kind)) || v.Subresources.Status == nil || len(v.AdditionalPrinterColumns) < 3 {
				t.Errorf("%s %s: %+v", u.GetName(), v.Name, v)
			}
		}
		config := convertedByWeft(crd)
		if len(crd.Spec.Versions) > 1 && (config == nil || *config.Service.Path != webhooks.ConvertPath || config.Service.Namespace != "weft-system") {
			t.Errorf("%s is converted by %+v", u.GetName(), config)
		}
	}
	if checked != len(smiKinds) {
		t.Errorf("%d CRDs of SMI", checked)
	}
	services := documents(t, "manager")
	if !slices.ContainsFunc(services, func(o *unstructured.Unstructured) bool {
		ready, _, _ := unstructured.NestedBool(o.Object, "spec", "publishNotReadyAddresses")
		return o.GetKind() == "Service" && o.GetName() == ConvertService && ready
	}) {
		t.Error("no Service converts before a replica is ready, and none gets ready before that")
	}
}

func TestInspect(t *testing.T) {
	tests := map[string]struct {
		product string
		kind    model.Kind
		version string
		status  bool
		missing string
	}{
		"linkerd-smi":        {"linkerd-smi", model.KindTrafficSplit, "split.smi-spec.io/v1alpha2", false, "does not serve v1alpha3, v1alpha4; it has no status, so its objects have Events alone; its versions are not converted"},
		"osm":                {"osm", model.KindTrafficSplit, "split.smi-spec.io/v1alpha2", false, "does not serve v1alpha1, v1alpha3, v1alpha4; it has no status"},
		"smi-sdk-go":         {"smi-sdk-go", model.KindTrafficTarget, "access.smi-spec.io/v1alpha3", false, "does not serve v1alpha1, v1alpha2; it has no status"},
		"nothing but status": {"smi-sdk-go", model.KindUDPRoute, "specs.smi-spec.io/v1alpha4", false, "it has no status"},
	}
	for name, tc := range tests {
		for _, crd := range foreignCRDs(t, tc.product) {
			if crd.Name != crdName(tc.kind) {
				continue
			}
			if s := inspect(tc.kind, crd); s.version != "" {
				t.Errorf("%s is read before it is established", name)
			}
			s := inspect(tc.kind, installed(crd))
			if s.version != tc.version || s.status != tc.status || !strings.Contains(s.advice(), tc.missing) {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
	unknown := installed(foreignCRDs(t, "osm")[0])
	for i := range unknown.Spec.Versions {
		unknown.Spec.Versions[i].Name = "v9"
	}
	if s := inspect(model.KindTrafficSplit, unknown); s.version != "" || s.advice() == "" {
		t.Errorf("a CRD of unknown versions: %+v", s)
	}
}
