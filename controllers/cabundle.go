package controllers

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/weft-mesh/weft/internal/identity"
)

// The webhook configurations of config/webhook.
const (
	InjectWebhook   = "weft-inject"
	ValidateWebhook = "weft-validate"
	DefaultWebhook  = "weft-default"
)

var webhookConfigurations = []string{InjectWebhook, ValidateWebhook, DefaultWebhook}

// caBundleReconciler tells the API server which CA the webhooks' certificates
// are of. Only the leader runs it. That of the CRDs is crdReconciler's to keep.
type caBundleReconciler struct {
	client    client.Client
	authority *identity.Authority
}

func (r *caBundleReconciler) register(mgr ctrl.Manager) error {
	byName := predicate.NewPredicateFuncs(func(o client.Object) bool {
		return slices.Contains(webhookConfigurations, o.GetName())
	})
	err := ctrl.NewControllerManagedBy(mgr).
		Named("cabundle").
		Watches(&admissionv1.MutatingWebhookConfiguration{}, &handler.EnqueueRequestForObject{}, builder.WithPredicates(byName)).
		Watches(&admissionv1.ValidatingWebhookConfiguration{}, &handler.EnqueueRequestForObject{}, builder.WithPredicates(byName)).
		WatchesRawSource(authorityChanges(r.authority, func(context.Context) []string { return webhookConfigurations })).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the cabundle controller: %w", err)
	}
	return nil
}

// Reconcile brings one of the configurations up to date.
func (r *caBundleReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	ca := r.authority.CA()
	if ca == nil {
		return ctrl.Result{}, nil
	}
	var found client.Object = &admissionv1.ValidatingWebhookConfiguration{}
	if request.Name != ValidateWebhook {
		found = &admissionv1.MutatingWebhookConfiguration{}
	}
	if err := r.client.Get(ctx, client.ObjectKey{Name: request.Name}, found); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	return ctrl.Result{}, r.keep(ctx, found, ca.Roots().PEM())
}

// keep fails where the configuration has changed since it was read, as the
// patch holds the whole list of webhooks.
func (r *caBundleReconciler) keep(ctx context.Context, found client.Object, bundle []byte) error {
	wanted, ok := found.DeepCopyObject().(client.Object)
	if !ok {
		return fmt.Errorf("copy %s: it is no object", found.GetName())
	}
	changed := false
	for _, c := range clientConfigs(wanted) {
		changed = changed || !bytes.Equal(c.CABundle, bundle)
		c.CABundle = bundle
	}
	if !changed {
		return nil
	}
	patch := client.MergeFromWithOptions(found, client.MergeFromWithOptimisticLock{})
	if err := r.client.Patch(ctx, wanted, patch); err != nil {
		return fmt.Errorf("put the CA bundle into %s: %w", found.GetName(), err)
	}
	return nil
}

func clientConfigs(o client.Object) []*admissionv1.WebhookClientConfig {
	var configs []*admissionv1.WebhookClientConfig
	switch c := o.(type) {
	case *admissionv1.MutatingWebhookConfiguration:
		for i := range c.Webhooks {
			configs = append(configs, &c.Webhooks[i].ClientConfig)
		}
	case *admissionv1.ValidatingWebhookConfiguration:
		for i := range c.Webhooks {
			configs = append(configs, &c.Webhooks[i].ClientConfig)
		}
	}
	return configs
}
