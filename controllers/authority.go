package controllers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/translators/kube"
	"github.com/weft-mesh/weft/translators/model"
)

// authorityReconciler keeps the certificate authority in force: every replica
// loads it from its Secret, the leader makes it where there is none.
type authorityReconciler struct {
	cache     client.Reader
	client    client.Client
	namespace string
	authority *identity.Authority
	clock     clock.PassiveClock
	events    events.EventRecorder
	// elected is closed once this replica is the leader.
	elected <-chan struct{}
	hook    hook[reconcile.Request]
	// loaded is the Secret and the trust domain that are in force.
	loaded string
}

func (r *authorityReconciler) register(mgr ctrl.Manager) error {
	same := handler.EnqueueRequestsFromMapFunc(func(context.Context, client.Object) []reconcile.Request {
		return []reconcile.Request{r.request()}
	})
	err := ctrl.NewControllerManagedBy(mgr).
		Named("authority").
		WithOptions(controller.Options{NeedLeaderElection: ptr.To(false)}).
		Watches(&corev1.Secret{}, same).
		WatchesRawSource(r.hook.source(r.first)).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the authority controller: %w", err)
	}
	return nil
}

// request is the only one there is: whatever changes, all is looked at.
func (r *authorityReconciler) request() reconcile.Request {
	return reconcile.Request{NamespacedName: client.ObjectKey{Namespace: r.namespace, Name: v1alpha1.CASecret}}
}

func (r *authorityReconciler) again() { r.hook.add(r.request()) }

// first looks once at the start, and once more when this replica becomes the
// leader.
func (r *authorityReconciler) first(ctx context.Context, add func(reconcile.Request)) {
	add(r.request())
	go func() {
		select {
		case <-ctx.Done():
		case <-r.elected:
			r.again()
		}
	}()
}

// Reconcile loads the CA, and how long its certificates live. A Secret that
// makes no sense leaves in force what was.
func (r *authorityReconciler) Reconcile(ctx context.Context, _ ctrl.Request) (ctrl.Result, error) {
	spec, err := meshSpec(ctx, r.cache)
	if err != nil {
		return ctrl.Result{}, err
	}
	if spec.Certificate.Lifetime != nil {
		r.authority.SetLifetime(spec.Certificate.Lifetime.Duration)
	} else {
		r.authority.SetLifetime(0)
	}
	secret := &corev1.Secret{}
	err = r.cache.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: v1alpha1.CASecret}, secret)
	if apierrors.IsNotFound(err) {
		return ctrl.Result{}, r.create(ctx, spec.TrustDomain)
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("read the secret of the CA: %w", err)
	}
	return ctrl.Result{}, r.load(secret, spec.TrustDomain)
}

func (r *authorityReconciler) load(secret *corev1.Secret, trustDomain string) error {
	loaded := string(secret.UID) + "/" + secret.ResourceVersion + "/" + trustDomain
	if loaded == r.loaded {
		return nil
	}
	ca, err := identity.Load(trustDomain, identity.MaterialOf(secret.Data), r.clock)
	if err != nil {
		if r.leads() {
			r.events.Eventf(secret, nil, corev1.EventTypeWarning, model.ReasonInvalid, "Load",
				"%v; the authority that was in force before stays, mend the Secret", err)
		}
		return fmt.Errorf("load the CA from secret %s/%s: %w", secret.Namespace, secret.Name, err)
	}
	r.authority.Set(ca)
	r.loaded = loaded
	return nil
}

// create makes the CA, where this replica may. It never replaces one.
func (r *authorityReconciler) create(ctx context.Context, trustDomain string) error {
	if !r.leads() {
		return nil
	}
	material, err := identity.NewRoot(trustDomain, r.clock)
	if err != nil {
		return fmt.Errorf("make a CA: %w", err)
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: v1alpha1.CASecret, Labels: managed()},
		Type:       corev1.SecretTypeTLS,
		Data:       material.Data(),
	}
	if err := r.client.Create(ctx, secret); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create the secret of the CA: %w", err)
	}
	return nil
}

func (r *authorityReconciler) leads() bool { return isClosed(r.elected) }

// meshSpec is the MeshConfig in force, with its defaults.
func meshSpec(ctx context.Context, reader client.Reader) (v1alpha1.MeshConfigSpec, error) {
	u := newUnstructured(model.KindMeshConfig)
	err := reader.Get(ctx, client.ObjectKey{Name: v1alpha1.MeshConfigName}, u)
	m := &v1alpha1.MeshConfig{}
	if err != nil && !apierrors.IsNotFound(err) && !meta.IsNoMatchError(err) {
		return m.Spec, fmt.Errorf("read the meshconfig: %w", err)
	}
	if err == nil {
		if read, err := meshConfigOf(u); err == nil {
			m = read
		}
	}
	// What the translator makes of a wrong value holds here too.
	mesh, _ := kube.Mesh(m)
	m.Spec.TrustDomain = mesh.TrustDomain
	return m.Spec, nil
}

// managed are the labels of what weft creates.
func managed() map[string]string {
	return map[string]string{"app.kubernetes.io/managed-by": "weft", "app.kubernetes.io/part-of": "weft"}
}
