package controllers

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/internal/podnet"
	"github.com/weft-mesh/weft/translators/model"
)

// The Service addresses are those of the cluster, as they change, until the
// MeshConfig says other ones.
func TestServiceCIDRsFollowTheCluster(t *testing.T) {
	c := needCluster(t)
	mgr, err := ctrl.NewManager(cluster, ctrl.Options{Scheme: c.Scheme(), Cache: CacheOptions("weft-system"), Metrics: metricsserver.Options{BindAddress: "0"}})
	if err != nil {
		t.Fatal(err)
	}
	s := NewServiceCIDRs(mgr)
	if err := mgr.Add(s); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	expect := func(what string, holds func([]netip.Prefix) bool) {
		t.Helper()
		eventually(t, what, func(ctx context.Context) error {
			if now := s.Current(ctx); !holds(now) {
				return fmt.Errorf("the Service addresses are %s", podnet.PrintCIDRs(now))
			}
			return nil
		})
	}
	more := netip.MustParsePrefix("203.0.113.0/24")
	expect("those of the API server", func(ps []netip.Prefix) bool { return len(ps) > 0 && !slices.Contains(ps, more) })
	object := &networkingv1.ServiceCIDR{ObjectMeta: metav1.ObjectMeta{Name: "more"}, Spec: networkingv1.ServiceCIDRSpec{CIDRs: []string{more.String()}}}
	create(t, c, object)
	expect("more of them", func(ps []netip.Prefix) bool { return slices.Contains(ps, more) })

	mesh := newUnstructured(model.KindMeshConfig)
	mesh.SetName(v1alpha1.MeshConfigName)
	if err := c.Create(t.Context(), mesh.DeepCopy()); client.IgnoreAlreadyExists(err) != nil {
		t.Fatal(err)
	}
	patch := func(list string) {
		t.Helper()
		if err := c.Patch(context.Background(), mesh, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"serviceCIDRs":`+list+`}}`))); err != nil {
			t.Fatal(err)
		}
	}
	defer patch("null")
	patch(`["198.19.0.0/16","fd00:10::/108"]`)
	expect("those of the MeshConfig alone", func(ps []netip.Prefix) bool {
		return podnet.PrintCIDRs(ps) == "198.19.0.0/16,fd00:10::/108"
	})
	patch("[]")
	expect("the cluster's again", func(ps []netip.Prefix) bool { return slices.Contains(ps, more) })
}
