package controllers

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/internal/identity"
)

// proxyConfigReconciler keeps the ConfigMap that sidecars start from in every
// namespace of the mesh. Only the leader runs it. It never deletes one, as pods
// of a namespace that has left the mesh may still restart their sidecar.
type proxyConfigReconciler struct {
	client    client.Client
	authority *identity.Authority
	bootstrap BootstrapFunc
	system    string
	events    events.EventRecorder

	mu sync.Mutex
	// said is why it was not possible last, by namespace.
	said map[string]string
}

// What can't be made is tried again soon at first, then ever later.
const (
	firstAgain = 200 * time.Millisecond
	lastAgain  = 30 * time.Second
)

func (r *proxyConfigReconciler) register(mgr ctrl.Manager) error {
	toNamespace := handler.EnqueueRequestsFromMapFunc(func(_ context.Context, o client.Object) []reconcile.Request {
		return []reconcile.Request{{NamespacedName: client.ObjectKey{Name: o.GetNamespace()}}}
	})
	err := ctrl.NewControllerManagedBy(mgr).
		Named("proxyconfig").
		For(&corev1.Namespace{}, builder.WithPredicates(predicate.LabelChangedPredicate{})).
		Watches(&corev1.ConfigMap{}, toNamespace).
		WatchesRawSource(authorityChanges(r.authority, r.namespaces)).
		WithOptions(controller.Options{RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstAgain, lastAgain)}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the proxyconfig controller: %w", err)
	}
	return nil
}

// Reconcile brings the ConfigMap of one namespace up to date.
func (r *proxyConfigReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	namespace := &corev1.Namespace{}
	if err := r.client.Get(ctx, client.ObjectKey{Name: request.Name}, namespace); err != nil {
		r.tell(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: request.Name}}, nil)
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	ca := r.authority.CA()
	if ca == nil || !r.inMesh(namespace) {
		return ctrl.Result{}, nil
	}
	data, err := r.bootstrap(ca.TrustDomain(), ca.Roots().PEM())
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("make what the sidecars of namespace %s start from: %w", namespace.Name, err)
	}
	err = r.keep(ctx, namespace.Name, data)
	r.tell(namespace, err)
	return ctrl.Result{}, err
}

// tell says once, in an Event of the namespace, why its pods do not start, or
// will not know of a new root.
func (r *proxyConfigReconciler) tell(namespace *corev1.Namespace, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil || apierrors.IsConflict(err) || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		delete(r.said, namespace.Name)
		return
	}
	text := err.Error()
	if r.said[namespace.Name] == text {
		return
	}
	r.said[namespace.Name] = text
	r.events.Eventf(namespace, nil, corev1.EventTypeWarning, "NoProxyConfig", "Keep", "%s",
		"sidecars of this namespace start from the ConfigMap "+v1alpha1.ProxyConfigMap+", which can't be kept: "+text+"; where a ResourceQuota says so, raise it by one ConfigMap")
}

func (r *proxyConfigReconciler) inMesh(n *corev1.Namespace) bool {
	return n.Labels[v1alpha1.LabelInject] == v1alpha1.InjectEnabled && n.DeletionTimestamp.IsZero() &&
		n.Name != metav1.NamespaceSystem && n.Name != r.system
}

func (r *proxyConfigReconciler) keep(ctx context.Context, namespace string, data map[string]string) error {
	found := &corev1.ConfigMap{}
	err := r.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: v1alpha1.ProxyConfigMap}, found)
	switch {
	case apierrors.IsNotFound(err):
		wanted := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: v1alpha1.ProxyConfigMap, Labels: managed()},
			Data:       data,
		}
		err = r.client.Create(ctx, wanted)
	case err == nil && !maps.Equal(found.Data, data):
		found = found.DeepCopy()
		found.Data = data
		err = r.client.Update(ctx, found)
	}
	if err != nil {
		return fmt.Errorf("keep configmap %s/%s: %w", namespace, v1alpha1.ProxyConfigMap, err)
	}
	return nil
}

// namespaces are the names of all, in the mesh or not.
func (r *proxyConfigReconciler) namespaces(ctx context.Context) []string {
	var all corev1.NamespaceList
	if err := r.client.List(ctx, &all); err != nil {
		return nil // the cache has stopped, and so will this
	}
	var names []string
	for i := range all.Items {
		names = append(names, all.Items[i].Name)
	}
	return names
}
