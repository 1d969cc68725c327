package controllers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/weft-mesh/weft/translators/model"
)

// installExperimental does with an API server what config/experimental does.
func installExperimental(t *testing.T, config *rest.Config) {
	t.Helper()
	folder := filepath.Join("..", "config", "experimental")
	_, err := envtest.InstallCRDs(config, envtest.CRDInstallOptions{Paths: []string{
		filepath.Join("..", "config", "crd"), filepath.Join(folder, "access.smi-spec.io_identitybindings.yaml"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "traffictargets.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	patch, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := extensions(config)
	if err != nil {
		t.Fatal(err)
	}
	crd := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: crdName(model.KindTrafficTarget)}}
	if err := c.Patch(t.Context(), crd, client.RawPatch(types.JSONPatchType, patch)); err != nil {
		t.Fatal(err)
	}
	if err := hooks.convert(config); err != nil {
		t.Fatal(err)
	}
}

const (
	bindingText = "apiVersion: access.smi-spec.io/v1alpha4\nkind: IdentityBinding\n"
	draftTarget = `apiVersion: access.smi-spec.io/v1alpha4
kind: TrafficTarget
spec:
  destination: {kind: IdentityBinding, group: access.smi-spec.io, name: service-a}
  rules: [{kind: HTTPRouteGroup, name: the-routes, matches: [metrics]}]
  sources: [{kind: IdentityBinding, group: access.smi-spec.io, name: prometheus}]
`
)

// TestIdentityBinding: behind its gate, what v1alpha4 says is taken in, kept and
// answered.
func TestIdentityBinding(t *testing.T) {
	env, c := emptyCluster(t)
	installExperimental(t, env.Config)
	ns := namespace(t, c, nil)
	r := start(t, setting{config: env.Config, system: systemNamespace(t, c), gates: Gates{IdentityBinding: true}})

	var target model.Ref
	eventually(t, "TrafficTarget v1alpha4", func(ctx context.Context) error {
		u := parse(t, draftTarget)
		u.SetNamespace(ns)
		u.SetName("path-specific")
		target = refOf(model.KindTrafficTarget, u)
		return client.IgnoreAlreadyExists(c.Create(ctx, u)) // until the API server serves it
	})
	want := &model.Target{
		Key: target.Key, DestinationBinding: "service-a", SourceBindings: []model.Key{{Namespace: ns, Name: "prometheus"}},
		Rules: []model.TargetRule{{Kind: model.KindHTTPRouteGroup, Name: "the-routes", Matches: []string{"metrics"}}},
	}
	eventually(t, "the target's fragment", func(context.Context) error {
		if d := cmp.Diff(model.Fragment(want), r.fragment(target)); d != "" {
			return errors.New(d)
		}
		return nil
	})
	binding := smiObject(t, c, ns, "service-a", bindingText+"spec: {schemes: {serviceAccount: service-a, spiffeIdentities: [cluster.local/ns/x/sa/y]}}")
	condition(t, c, binding, metav1.Condition{Type: string(model.ConditionAccepted), Status: metav1.ConditionTrue, Reason: model.ReasonAccepted})
	if _, ok := r.fragment(binding).(*model.IdentityBinding); !ok {
		t.Errorf("the binding is held as %v", r.fragment(binding))
	}
	for version, group := range map[string]string{"v1alpha4": "access.smi-spec.io", "v1alpha3": "access.smi-spec.io"} {
		u, err := in(t.Context(), c, version, target)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(u.Object["spec"].(map[string]any)["destination"].(map[string]any)["group"])
		if got != group {
			t.Errorf("%s has group %s, want %s", version, got, group)
		}
	}
	both := parse(t, bindingText+"spec: {schemes: {serviceAccount: a, podLabelSelector: {matchLabels: {app: a}}}}")
	both.SetNamespace(ns)
	both.SetName("both")
	checkRefusal(t, c.Create(t.Context(), both), "exclude one another")
}

// TestGateIsOffByDefault: without the gate the CRD alone changes nothing.
func TestGateIsOffByDefault(t *testing.T) {
	for _, f := range smiFollowers(Gates{}) {
		if f.feed.kind == model.KindIdentityBinding {
			t.Error("IdentityBindings are taken in without their gate")
		}
	}
	if len(smiFollowers(Gates{IdentityBinding: true})) != len(smiFollowers(Gates{}))+1 {
		t.Error("the gate IdentityBinding opens nothing")
	}
}
