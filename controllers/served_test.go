package controllers

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/versions"
)

var smiKinds = []model.Kind{model.KindTrafficSplit, model.KindTrafficTarget, model.KindHTTPRouteGroup, model.KindTCPRoute, model.KindUDPRoute}

// in reads an object in a version.
func in(ctx context.Context, c client.Client, version string, ref model.Ref) (*unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{}
	u.SetAPIVersion(versions.Group(ref.Kind) + "/" + version)
	u.SetKind(string(ref.Kind))
	err := c.Get(ctx, client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}, u)
	return u, err
}

// TestEveryVersionIsServed (trap 65): short names, category and status in each,
// and the latest is what is stored and preferred.
func TestEveryVersionIsServed(t *testing.T) {
	needCluster(t)
	d, err := discovery.NewDiscoveryClientForConfig(rest.CopyConfig(cluster))
	if err != nil {
		t.Fatal(err)
	}
	short := map[model.Kind]string{
		model.KindTrafficSplit: "ts", model.KindTrafficTarget: "tt", model.KindHTTPRouteGroup: "htr", model.KindTCPRoute: "tr", model.KindUDPRoute: "ur",
	}
	for _, kind := range smiKinds {
		for _, version := range versions.Of(kind) {
			list, err := d.ServerResourcesForGroupVersion(versions.Group(kind) + "/" + version)
			if err != nil {
				t.Fatal(err)
			}
			found := map[bool]metav1.APIResource{}
			for _, r := range list.APIResources {
				if r.Kind == string(kind) {
					found[len(r.Categories) == 0] = r
				}
			}
			plain, status := found[false], found[true]
			if len(plain.ShortNames) != 1 || plain.ShortNames[0] != short[kind] || len(plain.Categories) != 1 || plain.Categories[0] != "smi" || status.Name != plain.Name+"/status" {
				t.Errorf("%s %s: %+v, %+v", kind, version, plain, status)
			}
		}
	}
}

// TestOldVersionsAreStoredInTheLatest goes by the API server, whose storage and
// pruning the conversion has to survive.
func TestOldVersionsAreStoredInTheLatest(t *testing.T) {
	c := needCluster(t)
	ns := namespace(t, c, nil)
	account := "{kind: ServiceAccount, name: %s%s}"
	tests := map[string]struct{ text, stored string }{
		"trap 4: quantities": {
			text:   "apiVersion: split.smi-spec.io/v1alpha1\nkind: TrafficSplit\nspec: {service: web, backends: [{service: a, weight: \"1\"}, {service: b, weight: 500m}, {service: c, weight: 1k}, {service: d, weight: 0.5}]}",
			stored: "spec: {service: web, backends: [{service: a, weight: 2}, {service: b, weight: 1}, {service: c, weight: 2000}, {service: d, weight: 1}]}",
		},
		"trap 26: a port": {
			text:   "apiVersion: access.smi-spec.io/v1alpha1\nkind: TrafficTarget\ndestination: " + fmt.Sprintf(account, "web", ", port: 8080") + "\nspecs: [{kind: HTTPRouteGroup, name: g, matches: [m]}]\nsources: [" + fmt.Sprintf(account, "front", "") + "]",
			stored: "spec: {destination: {kind: ServiceAccount, name: web}, rules: [{kind: HTTPRouteGroup, name: g, matches: [m]}], sources: [{kind: ServiceAccount, name: front}]}",
		},
		"a flat group": {
			text:   "apiVersion: specs.smi-spec.io/v1alpha2\nkind: HTTPRouteGroup\nmatches: [{name: m, headers: {a: b}}]",
			stored: "spec: {matches: [{name: m, headers: {a: b}}]}",
		},
		"ports of a TCPRoute":   {text: "apiVersion: specs.smi-spec.io/v1alpha4\nkind: TCPRoute\nspec: {matches: {ports: [80]}}", stored: "spec: {matches: {ports: [80]}}"},
		"a TCPRoute of nothing": {text: "apiVersion: specs.smi-spec.io/v1alpha1\nkind: TCPRoute", stored: "{}"},
		"headers":               {text: "apiVersion: specs.smi-spec.io/v1alpha4\nkind: HTTPRouteGroup\nspec: {matches: [{name: m, headers: [{a: b}]}]}", stored: "spec: {matches: [{name: m, headers: [{a: b}]}]}"},
		"matches": {
			text:   "apiVersion: split.smi-spec.io/v1alpha4\nkind: TrafficSplit\nspec: {service: web, backends: [{service: a, weight: 1}], matches: [{apiGroup: specs.smi-spec.io, kind: HTTPRouteGroup, name: g}]}",
			stored: "spec: {service: web, backends: [{service: a, weight: 1}], matches: [{apiGroup: specs.smi-spec.io, kind: HTTPRouteGroup, name: g}]}",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			u := parse(t, tc.text)
			u.SetNamespace(ns)
			u.SetGenerateName("x-")
			create(t, c, u)
			written := u.DeepCopy()
			ref := refOf(model.Kind(u.GetKind()), u)
			latest := versions.Of(ref.Kind)[len(versions.Of(ref.Kind))-1]
			stored, err := in(t.Context(), c, latest, ref)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(parse(t, tc.stored).Object["spec"], stored.Object["spec"]); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
			// Every version reads it and writes it back, and nothing is lost.
			for _, version := range versions.Of(ref.Kind) {
				there, err := in(t.Context(), c, version, ref)
				if err != nil {
					t.Fatal(err)
				}
				there.SetLabels(map[string]string{"read-as": version})
				if err := c.Update(t.Context(), there); err != nil {
					t.Fatalf("%s: %v", version, err)
				}
			}
			version := written.GroupVersionKind().Version
			again, err := in(t.Context(), c, version, ref)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(content(written), content(again)); diff != "" {
				t.Errorf("it does not come back as %s (-want +got):\n%s", version, diff)
			}
			if again.GetGeneration() != written.GetGeneration() {
				t.Errorf("reading and writing it has changed it: generation %d", again.GetGeneration())
			}
		})
	}
}

// content is what an author writes.
func content(u *unstructured.Unstructured) map[string]any {
	out := u.DeepCopy().Object
	for _, name := range []string{"metadata", "status"} {
		delete(out, name)
	}
	out["annotations"] = u.GetAnnotations()
	return out
}
