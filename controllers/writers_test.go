package controllers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/model"
)

func leaseOfAnother(ns string) *coordinationv1.Lease {
	now := metav1.NowMicro()
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "weft-controller"},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity: ptr.To("another"), LeaseDurationSeconds: ptr.To(int32(86400)),
			AcquireTime: &now, RenewTime: &now,
		},
	}
}

func proxyConfig(c client.Client, ns string, check func(*corev1.ConfigMap) error) func(context.Context) error {
	return func(ctx context.Context) error {
		m := &corev1.ConfigMap{}
		if err := c.Get(ctx, client.ObjectKey{Namespace: ns, Name: v1alpha1.ProxyConfigMap}, m); err != nil {
			return err
		}
		return check(m)
	}
}

func TestNamespacesOfTheMeshHaveWhatSidecarsStartFrom(t *testing.T) {
	c := needCluster(t)
	inside := namespace(t, c, map[string]string{"weft.mesh/inject": "enabled"})
	outside := namespace(t, c, nil)
	r := start(t, setting{system: systemNamespace(t, c)})
	good := func(m *corev1.ConfigMap) error {
		ca := r.authority.CA()
		if ca == nil || m.Data["bootstrap.yaml"] != "trust cluster.local" || m.Data["ca.crt"] != string(ca.Roots().PEM()) || len(m.Data) != 2 {
			return fmt.Errorf("got %v", m.Data)
		}
		return nil
	}
	eventually(t, "made", proxyConfig(c, inside, good))

	m := &corev1.ConfigMap{}
	if err := c.Get(t.Context(), client.ObjectKey{Namespace: inside, Name: v1alpha1.ProxyConfigMap}, m); err != nil {
		t.Fatal(err)
	}
	m.Data["bootstrap.yaml"] = "spoilt"
	if err := c.Update(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	eventually(t, "mended", proxyConfig(c, inside, good))
	if err := c.Delete(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	eventually(t, "made again", proxyConfig(c, inside, good))

	if err := proxyConfig(c, outside, good)(t.Context()); !apierrors.IsNotFound(err) {
		t.Errorf("outside of the mesh: %v", err)
	}
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: outside, Labels: map[string]string{"weft.mesh/inject": "enabled"}}}
	if err := c.Patch(t.Context(), n, client.Merge); err != nil {
		t.Fatal(err)
	}
	eventually(t, "made once it is inside", proxyConfig(c, outside, good))
}

// What a quota has no room for is told, and made as soon as there is room.
func TestAQuotaOfConfigMapsIsTold(t *testing.T) {
	c := needCluster(t)
	ns := namespace(t, c, nil)
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "q"}}
	quota.Spec.Hard = corev1.ResourceList{"count/configmaps": resource.MustParse("0")}
	create(t, c, quota)
	allow := func(n string) {
		t.Helper()
		// Nobody runs here who would count.
		quota.Status = corev1.ResourceQuotaStatus{
			Hard: corev1.ResourceList{"count/configmaps": resource.MustParse(n)}, Used: corev1.ResourceList{"count/configmaps": resource.MustParse("0")},
		}
		quota.Spec.Hard = quota.Status.Hard
		status := quota.Status
		if err := c.Update(t.Context(), quota); err != nil {
			t.Fatal(err)
		}
		quota.Status = status
		if err := c.Status().Update(t.Context(), quota); err != nil {
			t.Fatal(err)
		}
	}
	allow("0")
	eventually(t, "the quota is in force", func(ctx context.Context) error {
		err := c.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "other"}}, client.DryRunAll)
		if !apierrors.IsForbidden(err) {
			return fmt.Errorf("got %w", err)
		}
		return nil
	})
	start(t, setting{system: systemNamespace(t, c)})
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns, Labels: map[string]string{"weft.mesh/inject": "enabled"}}}
	if err := c.Patch(t.Context(), n, client.Merge); err != nil {
		t.Fatal(err)
	}
	told(t, c, model.Ref{Kind: model.KindNamespace, Key: model.Key{Name: ns}}, "NoProxyConfig", "exceeded quota: q")
	allow("1")
	eventually(t, "made", proxyConfig(c, ns, func(*corev1.ConfigMap) error { return nil }))
}

func TestTheCAIsMadeOnceAndFollowed(t *testing.T) {
	c := needCluster(t)
	system := systemNamespace(t, c)
	first := start(t, setting{system: system})
	inForce := func(r *replica, old []byte) func(context.Context) error {
		return func(context.Context) error {
			if ca := r.authority.CA(); ca == nil || bytes.Equal(ca.Roots().PEM(), old) {
				return errors.New("not yet")
			}
			return nil
		}
	}
	eventually(t, "a CA", inForce(first, nil))
	roots := first.authority.CA().Roots().PEM()

	second := start(t, setting{system: system})
	eventually(t, "a CA of the second", inForce(second, nil))
	if !bytes.Equal(roots, second.authority.CA().Roots().PEM()) {
		t.Error("a restart made another CA")
	}

	// A Secret that makes no sense leaves in force what was, and says so.
	secret := &corev1.Secret{}
	key := client.ObjectKey{Namespace: system, Name: v1alpha1.CASecret}
	if err := c.Get(t.Context(), key, secret); err != nil {
		t.Fatal(err)
	}
	good := secret.DeepCopy()
	secret.Data["tls.crt"] = []byte("nonsense")
	if err := c.Update(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	ref := model.Ref{Kind: "Secret", Key: model.Key{Namespace: system, Name: v1alpha1.CASecret}}
	told(t, c, ref, "Invalid", "the authority that was in force before stays")
	if !bytes.Equal(roots, first.authority.CA().Roots().PEM()) {
		t.Error("nonsense took the CA away")
	}

	// A new one is taken in.
	if err := c.Delete(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another CA", inForce(first, roots))
	eventually(t, "another CA of the second", inForce(second, roots))
}

func TestTheWebhooksTrustTheCA(t *testing.T) {
	c := needCluster(t)
	inject, validate := &admissionv1.MutatingWebhookConfiguration{}, &admissionv1.ValidatingWebhookConfiguration{}
	load(t, "inject.yaml", inject)
	load(t, "validate.yaml", validate)
	shape := &admissionv1.MutatingWebhookConfiguration{}
	load(t, "default.yaml", shape)
	// The tests have one API server, whose other objects they must not keep out.
	for i := range inject.Webhooks {
		inject.Webhooks[i].FailurePolicy = ptr.To(admissionv1.Ignore)
	}
	create(t, c, inject)
	create(t, c, validate)
	create(t, c, shape)
	r := start(t, setting{system: systemNamespace(t, c)})
	trusted := func(ctx context.Context) error {
		ca := r.authority.CA()
		if ca == nil {
			return errors.New("no CA yet")
		}
		if err := c.Get(ctx, client.ObjectKeyFromObject(inject), inject); err != nil {
			return err
		}
		if err := c.Get(ctx, client.ObjectKeyFromObject(validate), validate); err != nil {
			return err
		}
		if err := c.Get(ctx, client.ObjectKeyFromObject(shape), shape); err != nil {
			return err
		}
		for _, config := range slices.Concat(clientConfigs(inject), clientConfigs(validate), clientConfigs(shape)) {
			if !bytes.Equal(config.CABundle, ca.Roots().PEM()) {
				return errors.New("no CA bundle, or another")
			}
		}
		return nil
	}
	eventually(t, "CA bundles", trusted)
	inject.Webhooks[0].ClientConfig.CABundle = nil
	if err := c.Update(t.Context(), inject); err != nil {
		t.Fatal(err)
	}
	eventually(t, "CA bundle put back", trusted)
}

func TestThereIsAMeshConfigAndItAppliesAtOnce(t *testing.T) {
	c := needCluster(t)
	r := start(t, setting{system: systemNamespace(t, c)})
	m := &v1alpha1.MeshConfig{ObjectMeta: metav1.ObjectMeta{Name: "weft"}}
	ref := model.Ref{Kind: model.KindMeshConfig, Key: model.Key{Name: "weft"}}
	condition(t, c, ref, metav1.Condition{Type: "Accepted", Status: metav1.ConditionTrue, Reason: "Accepted"})

	patch := parse(t, mesh+"spec: {access: permissive, certificate: {lifetime: 90s}}")
	if err := c.Patch(t.Context(), patch, client.Merge); err != nil {
		t.Fatal(err)
	}
	eventually(t, "permissive, 90s", func(context.Context) error {
		f, ok := r.fragment(ref).(*model.Mesh)
		if !ok || f.Access != model.AccessPermissive || r.authority.Lifetime() != 90*time.Second {
			return fmt.Errorf("got %+v, %v", f, r.authority.Lifetime())
		}
		return nil
	})
	condition(t, c, ref, metav1.Condition{Type: "Accepted", Status: metav1.ConditionTrue, Reason: "Accepted"})
	got := &v1alpha1.MeshConfig{}
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(m), got); err != nil {
		t.Fatal(err)
	}
	if got.Status.ObservedGeneration != got.Generation {
		t.Errorf("observed %d of %d", got.Status.ObservedGeneration, got.Generation)
	}
}

func TestAWrongLabelIsToldOnce(t *testing.T) {
	c := needCluster(t)
	r := start(t, setting{system: systemNamespace(t, c)})
	// The leader tells; it is the one that makes a CA.
	eventually(t, "a leader", func(context.Context) error {
		if r.authority.CA() == nil {
			return errors.New("not yet")
		}
		return nil
	})
	ns := namespace(t, c, map[string]string{"weft.mesh/access": "open"})
	ref := model.Ref{Kind: model.KindNamespace, Key: model.Key{Name: ns}}
	eventually(t, "fed", func(context.Context) error {
		if r.fragment(ref) == nil {
			return errors.New("not yet")
		}
		return nil
	})
	toldOnce(t, c, ref, "UnsupportedValue", `"open" is not supported; write enforcing or permissive`)
}

func load(t *testing.T, file string, into client.Object) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "config", "webhook", file))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		t.Fatal(err)
	}
}
