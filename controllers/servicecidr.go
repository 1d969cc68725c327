package controllers

import (
	"context"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/weft-mesh/weft/internal/podnet"
)

// ServiceCIDRs knows the cluster's Service addresses: what the MeshConfig says,
// or else the ServiceCIDR objects. It reads the manager's cache, so that every
// answer is the newest.
type ServiceCIDRs struct {
	reader client.Reader
	start  func(context.Context) error
	log    logr.Logger
	// objects tells that the cluster has ServiceCIDR objects, as Kubernetes 1.33
	// and later have.
	objects atomic.Bool
}

// NewServiceCIDRs reads through a manager, to which it must be added.
func NewServiceCIDRs(mgr manager.Manager) *ServiceCIDRs {
	return &ServiceCIDRs{
		reader: mgr.GetClient(), log: mgr.GetLogger().WithName("service-cidrs"),
		start: func(ctx context.Context) error {
			_, err := mgr.GetCache().GetInformer(ctx, &networkingv1.ServiceCIDR{})
			return err
		},
	}
}

// NeedLeaderElection tells the manager that every replica runs it.
func (s *ServiceCIDRs) NeedLeaderElection() bool { return false }

// Start looks whether the cluster has ServiceCIDR objects.
func (s *ServiceCIDRs) Start(ctx context.Context) error {
	err := s.start(ctx)
	switch {
	case meta.IsNoMatchError(err):
		s.log.Info("this cluster has no ServiceCIDR objects; without spec.serviceCIDRs of the MeshConfig UDP passes by the sidecars")
	case err != nil:
		s.log.Error(err, "read the ServiceCIDR objects; without spec.serviceCIDRs of the MeshConfig UDP passes by the sidecars")
	default:
		s.objects.Store(true)
	}
	return nil
}

// Current are the cluster's Service addresses, sorted and disjoint.
func (s *ServiceCIDRs) Current(ctx context.Context) []netip.Prefix {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if ps := s.configured(ctx); len(ps) > 0 || !s.objects.Load() {
		return ps
	}
	var list networkingv1.ServiceCIDRList
	if err := s.reader.List(ctx, &list); err != nil {
		s.log.Error(err, "list the ServiceCIDR objects; UDP of a new pod passes by its sidecar")
		return nil
	}
	var texts []string
	for i := range list.Items {
		if list.Items[i].DeletionTimestamp.IsZero() {
			texts = append(texts, list.Items[i].Spec.CIDRs...)
		}
	}
	ps, err := podnet.ParseCIDRs(strings.Join(texts, ","))
	if err != nil {
		s.log.Error(err, "read the ServiceCIDR objects; UDP of a new pod passes by its sidecar")
	}
	return ps
}

// configured is what the MeshConfig says; what makes no sense there was told in
// its conditions.
func (s *ServiceCIDRs) configured(ctx context.Context) []netip.Prefix {
	m := meshConfigInForce(ctx, s.reader)
	if m == nil {
		return nil
	}
	ps, err := podnet.ParseCIDRs(strings.Join(m.Spec.ServiceCIDRs, ","))
	if err != nil {
		return nil
	}
	return ps
}
