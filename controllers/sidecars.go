package controllers

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	clientcache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/model"
)

// Surroundings are what bears on the sidecars of a namespace.
type Surroundings struct {
	Annotations map[string]string
	LimitRanges []corev1.LimitRange
	Quotas      []corev1.ResourceQuota
	// FullQuota names the quota that has no room for the ConfigMap that sidecars
	// start from, where that is missing.
	FullQuota string
}

// Sidecars knows what the MeshConfig, a namespace, its LimitRanges and its
// ResourceQuotas say of sidecars. It reads the manager's cache.
type Sidecars struct {
	cache  cache.Cache
	reader client.Reader
	// api asks the API server itself.
	api client.Reader
	log logr.Logger
	// bounds tells that LimitRanges and ResourceQuotas were read.
	bounds atomic.Bool
}

// NewSidecars reads through a manager, to which it must be added.
func NewSidecars(mgr manager.Manager) *Sidecars {
	return &Sidecars{cache: mgr.GetCache(), reader: mgr.GetClient(), api: mgr.GetAPIReader(), log: mgr.GetLogger().WithName("sidecars")}
}

// NeedLeaderElection tells the manager that every replica runs it.
func (s *Sidecars) NeedLeaderElection() bool { return false }

// Start follows LimitRanges and ResourceQuotas. Without the right to, pods are
// injected as if there were none.
func (s *Sidecars) Start(ctx context.Context) error {
	var synced []clientcache.InformerSynced
	for _, o := range []client.Object{&corev1.LimitRange{}, &corev1.ResourceQuota{}} {
		informer, err := s.cache.GetInformer(ctx, o, cache.BlockUntilSynced(false))
		if err != nil {
			return fmt.Errorf("follow %T: %w", o, err)
		}
		synced = append(synced, informer.HasSynced)
	}
	if clientcache.WaitForCacheSync(ctx.Done(), synced...) {
		s.bounds.Store(true)
	}
	return nil
}

// Of gives what is known of a namespace.
func (s *Sidecars) Of(ctx context.Context, name string) Surroundings {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var out Surroundings
	var namespace corev1.Namespace
	if err := s.reader.Get(ctx, client.ObjectKey{Name: name}, &namespace); err != nil {
		s.log.Error(err, "read a namespace; its annotations don't count for a new pod", "namespace", name)
	}
	out.Annotations = namespace.Annotations
	if !s.bounds.Load() {
		return out
	}
	var ranges corev1.LimitRangeList
	var quotas corev1.ResourceQuotaList
	for _, list := range []client.ObjectList{&ranges, &quotas} {
		if err := s.reader.List(ctx, list, client.InNamespace(name)); err != nil {
			s.log.Error(err, "list what bounds sidecars; a new pod's may not fit", "namespace", name)
		}
	}
	out.LimitRanges, out.Quotas = ranges.Items, quotas.Items
	if full := noConfigMaps(out.Quotas); full != "" {
		err := s.api.Get(ctx, client.ObjectKey{Namespace: name, Name: v1alpha1.ProxyConfigMap}, &corev1.ConfigMap{})
		if apierrors.IsNotFound(err) {
			out.FullQuota = full
		}
	}
	return out
}

// noConfigMaps names a quota that has no room for a ConfigMap.
func noConfigMaps(quotas []corev1.ResourceQuota) string {
	for i := range quotas {
		for _, name := range []corev1.ResourceName{corev1.ResourceConfigMaps, "count/configmaps"} {
			hard, limited := quotas[i].Status.Hard[name]
			if used := quotas[i].Status.Used[name]; limited && used.Cmp(hard) >= 0 {
				return fmt.Sprintf("%q (%s: %s)", quotas[i].Name, name, hard.String())
			}
		}
	}
	return ""
}

// Mesh is what the MeshConfig says.
func (s *Sidecars) Mesh(ctx context.Context) v1alpha1.Sidecar {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if m := meshConfigInForce(ctx, s.reader); m != nil {
		return m.Spec.Sidecar
	}
	return v1alpha1.Sidecar{}
}

// meshConfigInForce is nil where there is none, or none that can be read; its
// conditions tell of that.
func meshConfigInForce(ctx context.Context, reader client.Reader) *v1alpha1.MeshConfig {
	u := newUnstructured(model.KindMeshConfig)
	if reader.Get(ctx, client.ObjectKey{Name: v1alpha1.MeshConfigName}, u) != nil {
		return nil
	}
	m, err := meshConfigOf(u)
	if err != nil {
		return nil
	}
	return m
}
