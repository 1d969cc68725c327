package controllers

import (
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/versions"
)

// Scheme knows Kubernetes' kinds, CRDs and the MeshConfig. SMI's kinds are read
// unstructured: one malformed stored object would be the end of a typed
// informer, and of every other object's configuration with it.
func Scheme() (*runtime.Scheme, error) {
	s := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(s); err != nil {
		return nil, fmt.Errorf("register the kinds of Kubernetes: %w", err)
	}
	if err := apiextensionsv1.AddToScheme(s); err != nil {
		return nil, fmt.Errorf("register the kind of CRDs: %w", err)
	}
	if err := v1alpha1.AddToScheme(s); err != nil {
		return nil, fmt.Errorf("register the kinds of weft: %w", err)
	}
	return s, nil
}

// reported are the kinds whose objects have conditions.
var reported = []model.Kind{
	model.KindMeshConfig,
	model.KindTrafficSplit,
	model.KindTrafficTarget,
	model.KindHTTPRouteGroup,
	model.KindTCPRoute,
	model.KindUDPRoute,
	model.KindIdentityBinding,
}

// newUnstructured is an empty object of a kind, in the version that weft's own
// CRDs store.
func newUnstructured(kind model.Kind) *unstructured.Unstructured {
	if kind == model.KindMeshConfig {
		return unstructuredIn(kind, v1alpha1.GroupVersion.String())
	}
	return unstructuredIn(kind, versions.Latest(kind))
}

// unstructuredIn is an empty object of a kind, in a version.
func unstructuredIn(kind model.Kind, apiVersion string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetAPIVersion(apiVersion)
	u.SetKind(string(kind))
	return u
}
