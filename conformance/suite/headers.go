package suite

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Headers writes the headers of a match into a manifest, in the shape that the cluster takes: the specification shows both
// a map and a list of maps, and CRDs of SMI's own SDK take the list alone. {{.Headers "v1alpha4" "x-a" "yes" "x-b" ".+"}}
func (e *Env) Headers(version string, pairs ...string) (string, error) {
	if len(pairs) == 0 || len(pairs)%2 != 0 {
		return "", fmt.Errorf("headers of %s: %d words, which are no pairs of names and values", version, len(pairs))
	}
	asMap, asList := map[string]string{}, []map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		asMap[pairs[i]] = pairs[i+1]
		asList = append(asList, map[string]string{pairs[i]: pairs[i+1]})
	}
	var headers any = asMap
	if list, err := e.headersAreList(version); err != nil {
		return "", err
	} else if list {
		headers = asList
	}
	text, err := json.Marshal(headers)
	return string(text), err
}

// headersAreList tells whether a version of HTTPRouteGroup in the cluster takes a list of headers, and no map.
func (c *cluster) headersAreList(ctx context.Context, version string) (bool, error) {
	crds := schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	crd, err := c.dynamic.Resource(crds).Get(ctx, "httproutegroups.specs.smi-spec.io", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil // an API server of the mesh's own, which may take both
	}
	if err != nil {
		return false, fmt.Errorf("read the CRD of HTTPRouteGroups: %w", err)
	}
	return listOfHeaders(crd, version), nil
}

func listOfHeaders(crd *unstructured.Unstructured, version string) bool {
	versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
	for _, v := range versions {
		v, ok := v.(map[string]any)
		if !ok || v["name"] != version {
			continue
		}
		root, _, _ := unstructured.NestedMap(v, "schema", "openAPIV3Schema", "properties")
		if spec, ok, _ := unstructured.NestedMap(root, "spec", "properties"); ok {
			root = spec // since v1alpha3
		}
		shape, _, _ := unstructured.NestedString(root, "matches", "items", "properties", "headers", "type")
		return shape == "array"
	}
	return false
}
