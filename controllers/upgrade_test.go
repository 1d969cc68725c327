package controllers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/versions"
	"github.com/weft-mesh/weft/webhooks"
)

// foreignCRDs are those of testdata/foreign.
func foreignCRDs(t *testing.T, product string) []*apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "foreign", product+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var crds []*apiextensionsv1.CustomResourceDefinition
	for _, document := range strings.Split(string(text), "\n---\n") {
		crds = append(crds, crdOf(t, parse(t, document).Object))
	}
	return crds
}

func crdOf(t *testing.T, object map[string]any) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object, crd); err != nil {
		t.Fatal(err)
	}
	return crd
}

// convertHere has a CRD converted by the webhooks of the tests.
func convertHere(config *apiextensionsv1.WebhookClientConfig) {
	config.Service, config.URL, config.CABundle = nil, ptr.To(hooks.URL+webhooks.ConvertPath), hooks.bundle()
}

// applyOurs puts config/crd over whatever is there, as kubectl apply does.
func applyOurs(t *testing.T, c client.Client, change func(*apiextensionsv1.WebhookClientConfig)) {
	t.Helper()
	for _, u := range documents(t, "crd") {
		crd := crdOf(t, u.Object)
		if config := convertedByWeft(crd); config != nil && change != nil {
			change(config)
		}
		eventually(t, "apply "+crd.Name, func(ctx context.Context) error {
			found := &apiextensionsv1.CustomResourceDefinition{}
			err := c.Get(ctx, client.ObjectKeyFromObject(crd), found)
			if apierrors.IsNotFound(err) {
				return c.Create(ctx, crd.DeepCopy())
			}
			found.Spec = crd.Spec
			return errors.Join(err, c.Update(ctx, found))
		})
	}
}

// TestUpgradeOverOthers (trap 65): with another product's CRDs weft works with
// what they serve, says what is missing, and once ours are in their place the
// objects are still there and mean the same.
func TestUpgradeOverOthers(t *testing.T) {
	const subjects = "destination: {kind: ServiceAccount, name: web}, sources: [{kind: ServiceAccount, name: front}]"
	tests := map[string]struct {
		objects map[string]string
		// missing is what is said of the CRDs.
		missing map[model.Kind]string
	}{
		"linkerd-smi": {
			objects: map[string]string{
				"a": "apiVersion: split.smi-spec.io/v1alpha1\nkind: TrafficSplit\nspec: {service: web, backends: [{service: a, weight: 500m}, {service: b, weight: \"1\"}]}",
				"b": "apiVersion: split.smi-spec.io/v1alpha2\nkind: TrafficSplit\nspec: {service: db, backends: [{service: a, weight: 9}]}",
			},
			missing: map[model.Kind]string{model.KindTrafficSplit: "it does not serve v1alpha3, v1alpha4; it has no status, so its objects have Events alone; its versions are not converted"},
		},
		"osm": {
			objects: map[string]string{
				"a": "apiVersion: split.smi-spec.io/v1alpha2\nkind: TrafficSplit\nspec: {service: web, backends: [{service: a, weight: 3}, {service: b, weight: 1}]}",
				"b": target[:strings.Index(target, "metadata")] + "spec: {" + subjects + ", rules: [{kind: HTTPRouteGroup, name: g, matches: [m]}, {kind: TCPRoute, name: r}]}",
				"c": "apiVersion: specs.smi-spec.io/v1alpha4\nkind: HTTPRouteGroup\nspec: {matches: [{name: m, pathRegex: /a, headers: [{x-a: b}]}]}",
				"d": "apiVersion: specs.smi-spec.io/v1alpha4\nkind: TCPRoute\nspec: {matches: {ports: [80]}}",
			},
			missing: map[model.Kind]string{
				model.KindTrafficSplit:  "it does not serve v1alpha1, v1alpha3, v1alpha4; it has no status",
				model.KindTrafficTarget: "it does not serve v1alpha1, v1alpha2; it has no status",
			},
		},
		"smi-sdk-go": {
			objects: map[string]string{
				"a": "apiVersion: split.smi-spec.io/v1alpha4\nkind: TrafficSplit\nspec: {service: web, backends: [{service: a, weight: 3}], matches: [{kind: HTTPRouteGroup, name: g}]}",
				"b": "apiVersion: specs.smi-spec.io/v1alpha4\nkind: UDPRoute\nspec: {matches: {ports: [53]}}",
			},
			missing: map[model.Kind]string{model.KindUDPRoute: "it has no status"},
		},
	}
	for product, tc := range tests {
		t.Run(product, func(t *testing.T) {
			env, c := emptyCluster(t)
			for _, crd := range foreignCRDs(t, product) {
				create(t, c, crd)
			}
			system, ns := namespace(t, c, nil), namespace(t, c, nil)
			refs := map[string]model.Ref{}
			for name, text := range tc.objects {
				u := parse(t, text)
				u.SetNamespace(ns)
				u.SetName(name)
				refs[name] = refOf(model.Kind(u.GetKind()), u)
				eventually(t, "the foreign CRD", func(ctx context.Context) error { return c.Create(ctx, u.DeepCopy()) })
			}
			r := start(t, setting{config: env.Config, system: system})
			before := map[string]model.Fragment{}
			for name, ref := range refs {
				eventually(t, "fed", func(context.Context) error {
					if before[name] = r.fragment(ref); before[name] == nil {
						return fmt.Errorf("%s is not", ref)
					}
					return nil
				})
			}
			for kind, text := range tc.missing {
				toldOnce(t, c, model.Ref{Kind: "CustomResourceDefinition", Key: model.Key{Name: crdName(kind)}}, "Incomplete", text)
			}

			applyOurs(t, c, convertHere)
			for name, ref := range refs {
				// A status is written in the latest version, which the object is
				// read in from now on.
				condition(t, c, ref, metav1.Condition{Type: "Accepted", Status: metav1.ConditionTrue, Reason: "Accepted"})
				if after := r.fragment(ref); !model.Equal(before[name], after) {
					t.Errorf("%s was %+v and is %+v", ref, before[name], after)
				}
				for _, version := range versions.Of(ref.Kind) {
					if _, err := in(t.Context(), c, version, ref); err != nil {
						t.Errorf("read %s as %s: %v", ref, version, err)
					}
				}
			}
		})
	}
}

// TestACRDThatGoes takes its objects with it, and comes back in another version.
func TestACRDThatGoes(t *testing.T) {
	env, c := emptyCluster(t)
	applyOurs(t, c, convertHere)
	system, ns := namespace(t, c, nil), namespace(t, c, nil)
	r := start(t, setting{config: env.Config, system: system})
	var ref model.Ref
	put := func(text string) {
		u := parse(t, text+"spec: {service: web, backends: [{service: a, weight: 1}]}")
		u.SetNamespace(ns)
		ref = refOf(model.KindTrafficSplit, u)
		eventually(t, "created", func(ctx context.Context) error { return c.Create(ctx, u.DeepCopy()) })
		eventually(t, "fed", func(context.Context) error {
			if r.fragment(ref) == nil {
				return errors.New("not yet")
			}
			return nil
		})
	}
	put(split)
	crd := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: crdName(model.KindTrafficSplit)}}
	if err := c.Delete(t.Context(), crd); err != nil {
		t.Fatal(err)
	}
	eventually(t, "gone", func(context.Context) error {
		if f := r.fragment(ref); f != nil {
			return fmt.Errorf("still %+v", f)
		}
		return nil
	})
	eventually(t, "the CRD is gone", func(ctx context.Context) error {
		if err := c.Get(ctx, client.ObjectKeyFromObject(crd), crd); !apierrors.IsNotFound(err) {
			return fmt.Errorf("it is there: %w", err)
		}
		return nil
	})
	for _, foreign := range foreignCRDs(t, "osm") {
		if foreign.Name == crd.Name {
			create(t, c, foreign)
		}
	}
	put(strings.Replace(split, "v1alpha4", "v1alpha2", 1))
}

// TestTheCABundleOfCRDs: the leader puts it where weft converts, puts it back
// where it is taken away, and leaves others' alone. Here an object is stored in
// an old version, so that nothing can be listed before there is a CA.
func TestTheCABundleOfCRDs(t *testing.T) {
	env, c := emptyCluster(t)
	create(t, c, foreignCRDs(t, "linkerd-smi")[0])
	old := parse(t, "apiVersion: split.smi-spec.io/v1alpha1\nkind: TrafficSplit\nmetadata: {name: x, namespace: default}\nspec: {service: web, backends: [{service: a, weight: 500m}]}")
	eventually(t, "the foreign CRD", func(ctx context.Context) error { return c.Create(ctx, old.DeepCopy()) })
	applyOurs(t, c, nil)
	r := start(t, setting{config: env.Config, system: namespace(t, c, nil)})
	bundled := func(kind model.Kind) func(context.Context) error {
		return func(ctx context.Context) error {
			crd := &apiextensionsv1.CustomResourceDefinition{}
			if err := c.Get(ctx, client.ObjectKey{Name: crdName(kind)}, crd); err != nil {
				return err
			}
			ca := r.authority.CA()
			if ca == nil || string(convertedByWeft(crd).CABundle) != string(ca.Roots().PEM()) {
				return errors.New("no CA bundle, or another")
			}
			return nil
		}
	}
	for _, kind := range smiKinds {
		if len(versions.Of(kind)) > 1 {
			eventually(t, "CA bundle of "+string(kind), bundled(kind))
		}
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := c.Get(t.Context(), client.ObjectKey{Name: crdName(model.KindTCPRoute)}, crd); err != nil {
		t.Fatal(err)
	}
	convertedByWeft(crd).CABundle = nil
	if err := c.Update(t.Context(), crd); err != nil {
		t.Fatal(err)
	}
	eventually(t, "CA bundle put back", bundled(model.KindTCPRoute))

	// Who is not converted by weft is left alone.
	if err := c.Get(t.Context(), client.ObjectKey{Name: crdName(model.KindTCPRoute)}, crd); err != nil {
		t.Fatal(err)
	}
	crd.Spec.Conversion.Webhook.ClientConfig.Service.Name = "another"
	crd.Spec.Conversion.Webhook.ClientConfig.CABundle = nil
	if err := c.Update(t.Context(), crd); err != nil {
		t.Fatal(err)
	}
	if err := (&crdReconciler{client: c, reader: c, authority: r.authority, events: silent{}}).look(t, crd.Name); err != nil {
		t.Fatal(err)
	}
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(crd), crd); err != nil || crd.Spec.Conversion.Webhook.ClientConfig.CABundle != nil {
		t.Errorf("another's CA bundle was written: %v", err)
	}
}

func (r *crdReconciler) look(t *testing.T, name string) error {
	_, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Name: name}})
	return err
}

// silent records nothing.
type silent struct{}

func (silent) Eventf(runtime.Object, runtime.Object, string, string, string, string, ...any) {}
