package controllers

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/smi"
	"github.com/weft-mesh/weft/translators/versions"
)

var update = flag.Bool("update", false, "rewrite the expected outputs")

// warnings collects the Warning headers of the API server.
type warnings struct{ texts []string }

// HandleWarningHeader is called for each.
func (w *warnings) HandleWarningHeader(_ int, _, text string) { w.texts = append(w.texts, text) }

// TestTheSpecificationsExamples (trap 65): a manifest that is copied from a
// page of the specification is accepted, and means what the page says. What it
// means is in the .golden file beside the examples; read it when it changes.
func TestTheSpecificationsExamples(t *testing.T) {
	c := needCluster(t)
	heard := &warnings{}
	config := rest.CopyConfig(cluster)
	config.WarningHandler = heard
	author, err := client.New(config, client.Options{Scheme: c.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	hooks.admit(t, c, metav1.NamespaceDefault)
	pages, err := filepath.Glob(filepath.Join("testdata", "specification", "*.yaml"))
	if err != nil || len(pages) != 11 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, page := range pages {
		t.Run(strings.TrimSuffix(filepath.Base(page), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, document := range strings.Split(string(text), "\n---\n") {
				heard.texts = nil
				fmt.Fprintln(&got, example(t, author, document))
				for _, w := range heard.texts {
					fmt.Fprintln(&got, "warning:", w)
				}
			}
			checkGolden(t, strings.TrimSuffix(page, ".yaml")+".golden", got.String())
		})
	}
}

// example applies one manifest, and says what is then stored means.
func example(t *testing.T, c client.Client, text string) string {
	t.Helper()
	u := parse(t, text)
	u.SetNamespace(metav1.NamespaceDefault)
	written := u.GetAPIVersion()
	if err := c.Create(t.Context(), u); err != nil {
		t.Fatalf("%s: %v", written, err)
	}
	defer func() {
		if err := c.Delete(t.Context(), u); err != nil {
			t.Error(err)
		}
	}()
	ref := refOf(model.Kind(u.GetKind()), u)
	all := versions.Of(ref.Kind)
	var last model.Fragment
	for _, version := range slices.Backward(all) {
		there, err := in(t.Context(), c, version, ref)
		if err != nil {
			t.Fatal(err)
		}
		fragment, diagnostics, err := smi.Convert(there.Object)
		if err != nil || fragment == nil || len(diagnostics) > 0 && diagnostics[0].Reason != model.ReasonNoWeight {
			t.Errorf("%s %s read as %s: %v, %v", written, ref, version, diagnostics, err)
		}
		if last != nil && !model.Equal(last, fragment) {
			t.Errorf("%s %s means something else in %s (-want +got):\n%s", written, ref, version, cmp.Diff(last, fragment))
		}
		last = fragment
	}
	return fmt.Sprintf("%s %s:\n%s", written, ref, meaning(t, last))
}

// meaning prints a fragment, without when it was made and where its parts stand.
func meaning(t *testing.T, fragment model.Fragment) string {
	t.Helper()
	raw, err := json.Marshal(fragment)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Created", "Name", "Namespace", "Kind"} {
		delete(tree, name)
	}
	text, err := yaml.Marshal(said(tree))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// said leaves out what says nothing.
func said(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			if inner == nil || inner == "" || inner == false || name == "At" || name == "Port" && inner == 0.0 {
				delete(v, name)
			} else {
				v[name] = said(inner)
			}
		}
	case []any:
		for i := range v {
			v[i] = said(v[i])
		}
	}
	return value
}

func checkGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// TestAdmissionOfEveryVersion: a refusal and a warning, over the API server, in
// the words of the version that was written; headers end as Go clients read
// them (trap 34).
func TestAdmissionOfEveryVersion(t *testing.T) {
	c := needCluster(t)
	heard := &warnings{}
	config := rest.CopyConfig(cluster)
	config.WarningHandler = heard
	author, err := client.New(config, client.Options{Scheme: c.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	ns := namespace(t, c, nil)
	hooks.admit(t, c, ns)
	apply := func(text string) (client.Object, error) {
		u := parse(t, text)
		u.SetNamespace(ns)
		u.SetGenerateName("x-")
		return u, author.Create(t.Context(), u)
	}
	const account = "{kind: ServiceAccount, name: a}"
	refusals := map[string]string{
		"apiVersion: access.smi-spec.io/v1alpha1\nkind: TrafficTarget\ndestination: {kind: ServiceAccount, name: a, namespace: bank}\nspecs: [{kind: TCPRoute, name: r}]\nsources: [" + account + "]":     `destination.namespace: "bank" is another namespace`,
		"apiVersion: access.smi-spec.io/v1alpha2\nkind: TrafficTarget\nspec: {destination: {kind: ServiceAccount, name: a, port: 70000}, rules: [{kind: TCPRoute, name: r}], sources: [" + account + "]}": "spec.destination.port: Invalid value: 70000",
		"apiVersion: specs.smi-spec.io/v1alpha1\nkind: HTTPRouteGroup\nmatches: [{name: a, pathRegex: \"/\\\\Qa\"}]":                                                                                      `matches[0]: pathRegex: "/\\Qa" ends in an open quotation`,
		"apiVersion: split.smi-spec.io/v1alpha1\nkind: TrafficSplit\nspec: {service: web.bank, backends: [{service: a, weight: 500m}]}":                                                                   `spec.service: "web.bank" is in namespace "bank"`,
		"apiVersion: split.smi-spec.io/v1alpha1\nkind: TrafficSplit\nspec: {service: web, backends: [{service: a, weight: lots}]}":                                                                        "spec.backends[0].weight",
		"apiVersion: split.smi-spec.io/v1alpha1\nkind: TrafficSplit\nspec: {service: web, backends: [{service: a, weight: -0.5}]}":                                                                        "spec.backends[0].weight",
		"apiVersion: split.smi-spec.io/v1alpha1\nkind: TrafficSplit\nspec: {service: web, backends: [{service: a, weight: {}}]}":                                                                          "spec.backends[0].weight",
		"apiVersion: split.smi-spec.io/v1alpha1\nkind: TrafficSplit\nspec: {service: web, backends: [{service: a, weight: [1]}]}":                                                                         "spec.backends[0].weight",
		"apiVersion: split.smi-spec.io/v1alpha1\nkind: TrafficSplit\nspec: {service: web, backends: [{service: a, weight: true}]}":                                                                        "spec.backends[0].weight",
		"apiVersion: split.smi-spec.io/v1alpha2\nkind: TrafficSplit\nspec: {service: web, backends: [{service: a, weight: 0.5}]}":                                                                         "spec.backends[0].weight",
		"apiVersion: split.smi-spec.io/v1alpha3\nkind: TrafficSplit\nspec: {service: web, backends: [{service: a, weight: -1}]}":                                                                          "spec.backends[0].weight",
	}
	for text, want := range refusals {
		eventually(t, "the webhooks", func(context.Context) error {
			_, err := apply(text)
			if err == nil || !strings.Contains(err.Error(), want) {
				return fmt.Errorf("%s\ngot %w, want %q", text, err, want)
			}
			return nil
		})
	}
	heard.texts = nil
	if _, err := apply("apiVersion: split.smi-spec.io/v1alpha1\nkind: TrafficSplit\nspec: {service: web, backends: [{service: a, weight: 0m}]}"); err != nil {
		t.Error(err)
	}
	if len(heard.texts) != 1 || !strings.Contains(heard.texts[0], "spec.backends: all weights are 0") {
		t.Errorf("warnings %q", heard.texts)
	}
	for _, text := range []string{
		"apiVersion: specs.smi-spec.io/v1alpha2\nkind: HTTPRouteGroup\nmatches: [{name: a, headers: {b: c, a: d}}]",
		"apiVersion: specs.smi-spec.io/v1alpha4\nkind: HTTPRouteGroup\nspec: {matches: [{name: a, headers: {b: c, a: d}}]}",
	} {
		o, err := apply(text)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := in(t.Context(), c, "v1alpha4", model.Ref{Kind: model.KindHTTPRouteGroup, Key: model.Key{Namespace: ns, Name: o.GetName()}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(parse(t, "{matches: [{name: a, headers: [{a: d}, {b: c}]}]}").Object, stored.Object["spec"]); diff != "" {
			t.Errorf("headers (-want +got):\n%s", diff)
		}
	}
}
