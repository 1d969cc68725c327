package controllers

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/translators/model"
)

// smiCache holds SMI's objects apart from all else. To list those that are
// stored in an old version the API server needs weft's own webhook, and so a
// certificate authority and its bundle in the CRDs; but what makes these waits
// for everything in its cache.
func smiCache(mgr ctrl.Manager) (cache.Cache, error) {
	objects, err := cache.New(mgr.GetConfig(), cache.Options{
		HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(),
		DefaultTransform: cache.TransformStripManagedFields(),
	})
	if err != nil {
		return nil, fmt.Errorf("set up the cache of SMI objects: %w", err)
	}
	return objects, nil
}

// readers give the objects that have conditions.
type readers struct {
	mesh, smi client.Reader
	served    *servedKinds
}

// read gives an object from its cache. Its kind may stop being served while the
// cache waits for it.
func (r readers) read(ctx context.Context, ref model.Ref) (*unstructured.Unstructured, error) {
	from := r.smi
	if ref.Kind == model.KindMeshConfig {
		from = r.mesh
	}
	version := r.served.of(ref.Kind).version
	if version == "" {
		return nil, &meta.NoKindMatchError{GroupKind: schema.GroupKind{Kind: string(ref.Kind)}}
	}
	ctx, cancel := context.WithTimeout(ctx, latest)
	defer cancel()
	u := unstructuredIn(ref.Kind, version)
	return u, from.Get(ctx, client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}, u)
}
