package controllers

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/internal/identity"
)

// How long the certificate of weft-metrics is valid, and how often it is looked
// at: it is renewed at half of its life, and put back where it was deleted.
const (
	metricsLifetime = 30 * 24 * time.Hour
	metricsLook     = time.Minute
)

// metricsServing gives weft-metrics a certificate, which has no key of the CA,
// and tells the API server whom to trust there. Only the leader runs it.
type metricsServing struct {
	client    client.Client
	reader    client.Reader
	authority *identity.Authority
	clock     clock.PassiveClock
	namespace string
}

var apiService = schema.GroupVersionKind{Group: "apiregistration.k8s.io", Version: "v1", Kind: "APIService"}

// metricsAPIServices are those of config/metrics.
var metricsAPIServices = []string{"v1alpha1.metrics.smi-spec.io", "v1alpha2.metrics.smi-spec.io"}

func (r *metricsServing) register(mgr ctrl.Manager) error {
	services := &metav1.PartialObjectMetadata{}
	services.SetGroupVersionKind(apiService)
	kept := predicate.NewPredicateFuncs(func(o client.Object) bool {
		return o.GetAnnotations()[v1alpha1.AnnotationCABundle] == v1alpha1.CABundleKeep
	})
	err := ctrl.NewControllerManagedBy(mgr).
		Named("metricsserving").
		WatchesMetadata(services, &handler.EnqueueRequestForObject{}, builder.WithPredicates(kept)).
		WatchesRawSource(authorityChanges(r.authority, func(context.Context) []string {
			return append([]string{v1alpha1.MetricsSecret}, metricsAPIServices...)
		})).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the metricsserving controller: %w", err)
	}
	return nil
}

// Reconcile brings the Secret or one of the APIServices up to date.
func (r *metricsServing) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	ca := r.authority.CA()
	if ca == nil {
		return ctrl.Result{}, nil
	}
	if request.Name != v1alpha1.MetricsSecret {
		return ctrl.Result{}, r.trust(ctx, request.Name, ca.Roots().PEM())
	}
	return ctrl.Result{RequeueAfter: metricsLook}, r.certify(ctx, ca)
}

// trust puts the CA bundle into an APIService that asks for it.
func (r *metricsServing) trust(ctx context.Context, name string, bundle []byte) error {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(apiService)
	if err := r.reader.Get(ctx, client.ObjectKey{Name: name}, u); err != nil {
		return client.IgnoreNotFound(err)
	}
	known, _, _ := unstructured.NestedString(u.Object, "spec", "caBundle")
	if u.GetAnnotations()[v1alpha1.AnnotationCABundle] != v1alpha1.CABundleKeep || known == base64.StdEncoding.EncodeToString(bundle) {
		return nil
	}
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"caBundle": bundle, "insecureSkipTLSVerify": nil}})
	if err != nil {
		return fmt.Errorf("put the CA bundle into APIService %s: %w", name, err)
	}
	if err := r.client.Patch(ctx, u, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return fmt.Errorf("put the CA bundle into APIService %s: %w", name, err)
	}
	return nil
}

// certify keeps the Secret with the certificate.
func (r *metricsServing) certify(ctx context.Context, ca *identity.CA) error {
	secret := &corev1.Secret{}
	err := r.reader.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: v1alpha1.MetricsSecret}, secret)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("read the certificate of weft-metrics: %w", err)
	}
	missing := err != nil
	name := v1alpha1.MetricsService + "." + r.namespace + ".svc"
	if !missing && r.serves(secret.Data, name, ca) {
		return nil
	}
	certificate, err := ca.IssueServer(metricsLifetime, name)
	if err != nil {
		return err
	}
	secret.Data = map[string][]byte{corev1.TLSCertKey: certificate.Chain, corev1.TLSPrivateKeyKey: certificate.Key}
	if missing {
		secret.ObjectMeta = metav1.ObjectMeta{Namespace: r.namespace, Name: v1alpha1.MetricsSecret, Labels: managed()}
		secret.Type = corev1.SecretTypeTLS
		err = r.client.Create(ctx, secret)
	} else {
		err = r.client.Update(ctx, secret)
	}
	if err != nil {
		return fmt.Errorf("write the certificate of weft-metrics: %w", err)
	}
	return nil
}

// serves tells whether a certificate is trusted, for more than half of its life.
func (r *metricsServing) serves(data map[string][]byte, name string, ca *identity.CA) bool {
	pair, err := tls.X509KeyPair(data[corev1.TLSCertKey], data[corev1.TLSPrivateKeyKey])
	if err != nil {
		return false
	}
	between := x509.NewCertPool()
	for _, der := range pair.Certificate[1:] {
		if c, err := x509.ParseCertificate(der); err == nil {
			between.AddCert(c)
		}
	}
	leaf := pair.Leaf
	half := leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) / 2)
	_, err = leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: ca.Roots().Pool(), Intermediates: between, CurrentTime: r.clock.Now()})
	return err == nil && r.clock.Now().Before(half)
}
