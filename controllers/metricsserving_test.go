package controllers

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	testclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/internal/identity"
)

// The API server can verify weft-metrics: the APIServices of config/metrics have
// the CA's bundle, also after it was taken away.
func TestTheAPIServerTrustsWeftMetrics(t *testing.T) {
	env, c := emptyCluster(t)
	applyOurs(t, c, nil)
	services := slices.DeleteFunc(documents(t, "metrics"), func(u *unstructured.Unstructured) bool { return u.GetKind() != "APIService" })
	if len(services) != len(metricsAPIServices) {
		t.Fatalf("config/metrics has %d APIServices, want %v", len(services), metricsAPIServices)
	}
	for _, s := range services {
		create(t, c, s)
	}
	system := namespace(t, c, nil)
	r := start(t, setting{config: env.Config, system: system})
	secret := &corev1.Secret{}
	eventually(t, "a certificate", func(ctx context.Context) error {
		return c.Get(ctx, client.ObjectKey{Namespace: system, Name: v1alpha1.MetricsSecret}, secret)
	})
	for _, s := range services {
		trusted := func(ctx context.Context) error {
			if err := c.Get(ctx, client.ObjectKeyFromObject(s), s); err != nil {
				return err
			}
			bundle, _, _ := unstructured.NestedString(s.Object, "spec", "caBundle")
			return verify(secret, bundle, "weft-metrics."+system+".svc")
		}
		eventually(t, "CA bundle of "+s.GetName(), trusted)
		unstructured.RemoveNestedField(s.Object, "spec", "caBundle")
		if err := c.Update(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		eventually(t, "CA bundle put back", trusted)
	}

	own := services[0]
	unstructured.RemoveNestedField(own.Object, "spec", "caBundle")
	own.SetAnnotations(nil)
	if err := c.Update(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	keeper := &metricsServing{client: c, reader: c, authority: r.authority, namespace: system}
	if _, err := keeper.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(own)}); err != nil {
		t.Fatal(err)
	}
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(own), own); err != nil {
		t.Fatal(err)
	}
	if bundle, has, _ := unstructured.NestedString(own.Object, "spec", "caBundle"); has {
		t.Errorf("an APIService that does not ask for it has the CA bundle %q", bundle)
	}
}

// verify tells whether a server with the Secret's certificate is trusted.
func verify(secret *corev1.Secret, bundle, name string) error {
	roots, err := base64.StdEncoding.DecodeString(bundle)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(roots) {
		return errors.New("no CA bundle")
	}
	pair, err := tls.X509KeyPair(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	if err != nil {
		return err
	}
	_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: name})
	return err
}

// The certificate is renewed at half of its life, when another CA is in force,
// and when it makes no sense; else it stays.
func TestTheCertificateOfWeftMetrics(t *testing.T) {
	now := testclock.NewFakeClock(time.Now())
	c := fake.NewClientBuilder().Build()
	keeper := &metricsServing{client: c, reader: c, authority: &identity.Authority{}, clock: now, namespace: "weft-system"}
	another := func() {
		material, err := identity.NewRoot("cluster.local", now)
		if err != nil {
			t.Fatal(err)
		}
		ca, err := identity.Load("cluster.local", material, now)
		if err != nil {
			t.Fatal(err)
		}
		keeper.authority.Set(ca)
	}
	another()
	secret := &corev1.Secret{}
	look := func() string {
		t.Helper()
		key := client.ObjectKey{Namespace: "weft-system", Name: v1alpha1.MetricsSecret}
		if _, err := keeper.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Name: v1alpha1.MetricsSecret}}); err != nil {
			t.Fatal(err)
		}
		if err := c.Get(t.Context(), key, secret); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s", secret.Data)
	}
	known := look()
	for _, step := range []struct {
		name    string
		do      func()
		renewed bool
	}{
		{"nothing", func() {}, false},
		{"a week", func() { now.Step(7 * 24 * time.Hour) }, false},
		{"half of its life", func() { now.Step(8 * 24 * time.Hour) }, true},
		{"another CA", another, true},
		{"garbage", func() {
			secret.Data[corev1.TLSCertKey] = []byte("x")
			if err := c.Update(t.Context(), secret); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"nothing again", func() {}, false},
		{"it is gone", func() {
			if err := c.Delete(t.Context(), secret); err != nil {
				t.Fatal(err)
			}
		}, true},
	} {
		step.do()
		if got := look(); (got != known) != step.renewed {
			t.Errorf("%s: renewed is %t, want %t", step.name, got != known, step.renewed)
		} else {
			known = got
		}
	}
}
