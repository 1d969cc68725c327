package controllers

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/translators/model"
)

// crdReconciler keeps the CA bundle of the CRDs that weft converts, and says in
// an Event what another product's CRD lacks. Only the leader runs it.
//
// It watches metadata alone and reads a CRD as it needs it: all CRDs of a
// cluster are too much to keep.
type crdReconciler struct {
	client    client.Client
	reader    client.Reader
	authority *identity.Authority
	events    events.EventRecorder

	mu sync.Mutex
	// said is what was told of a CRD last.
	said map[string]string
}

// crdKinds are the kinds of SMI, by the names of their CRDs.
func crdKinds() map[string]model.Kind {
	kinds := map[string]model.Kind{}
	for _, kind := range reported {
		if kind != model.KindMeshConfig {
			kinds[crdName(kind)] = kind
		}
	}
	return kinds
}

func (r *crdReconciler) register(mgr ctrl.Manager) error {
	kinds := crdKinds()
	ours := predicate.NewPredicateFuncs(func(o client.Object) bool { return kinds[o.GetName()] != "" })
	names := func(context.Context) []string {
		var all []string
		for name := range kinds {
			all = append(all, name)
		}
		return all
	}
	err := ctrl.NewControllerManagedBy(mgr).
		Named("crd").
		WatchesMetadata(&apiextensionsv1.CustomResourceDefinition{}, &handler.EnqueueRequestForObject{}, builder.WithPredicates(ours)).
		WatchesRawSource(authorityChanges(r.authority, names)).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the crd controller: %w", err)
	}
	return nil
}

// Reconcile looks at one CRD.
func (r *crdReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := r.reader.Get(ctx, request.NamespacedName, crd); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	r.tell(crd)
	ca := r.authority.CA()
	config := convertedByWeft(crd)
	if ca == nil || config == nil || bytes.Equal(config.CABundle, ca.Roots().PEM()) {
		return ctrl.Result{}, nil
	}
	before := crd.DeepCopy()
	config.CABundle = ca.Roots().PEM()
	if err := r.client.Patch(ctx, crd, client.MergeFrom(before)); err != nil {
		return ctrl.Result{}, fmt.Errorf("put the CA bundle into CRD %s: %w", crd.Name, err)
	}
	return ctrl.Result{}, nil
}

// convertedByWeft is where a CRD says who converts, if it is weft.
func convertedByWeft(crd *apiextensionsv1.CustomResourceDefinition) *apiextensionsv1.WebhookClientConfig {
	conversion := crd.Spec.Conversion
	if conversion == nil || conversion.Webhook == nil || conversion.Webhook.ClientConfig == nil {
		return nil
	}
	config := conversion.Webhook.ClientConfig
	if config.Service == nil || config.Service.Name != ConvertService {
		return nil
	}
	return config
}

// tell says once what a CRD lacks.
func (r *crdReconciler) tell(crd *apiextensionsv1.CustomResourceDefinition) {
	advice := inspect(crdKinds()[crd.Name], crd).advice()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.said == nil {
		r.said = map[string]string{}
	}
	if advice == r.said[crd.Name] {
		return
	}
	r.said[crd.Name] = advice
	if advice != "" {
		r.events.Eventf(crd, nil, corev1.EventTypeWarning, "Incomplete", "Read", "%s", advice)
	}
}
