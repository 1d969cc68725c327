package controllers

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/model"
)

// What bears on sidecars is known with the rights of config/rbac, as it changes.
func TestWhatBearsOnSidecarsIsKnown(t *testing.T) {
	c := needCluster(t)
	for _, u := range documents(t, "rbac") {
		if u.GetNamespace() == "" {
			create(t, c, u)
		}
	}
	config := rest.CopyConfig(cluster)
	config.Impersonate.UserName = "system:serviceaccount:weft-system:weft-controller"
	mgr, err := ctrl.NewManager(config, ctrl.Options{Scheme: c.Scheme(), Cache: CacheOptions("weft-system"), Metrics: metricsserver.Options{BindAddress: "0"}})
	if err != nil {
		t.Fatal(err)
	}
	s := NewSidecars(mgr)
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
	ns := namespace(t, c, nil)
	expect := func(what string, holds func(Surroundings) bool) {
		t.Helper()
		eventually(t, what, func(ctx context.Context) error {
			if now := s.Of(ctx, ns); !holds(now) {
				return fmt.Errorf("got %+v", now)
			}
			return nil
		})
	}
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns, Annotations: map[string]string{"weft.mesh/proxy-cpu-limit": "1"}}}
	if err := c.Patch(t.Context(), n, client.Merge); err != nil {
		t.Fatal(err)
	}
	expect("the namespace's annotations", func(o Surroundings) bool { return o.Annotations["weft.mesh/proxy-cpu-limit"] == "1" })

	max := corev1.ResourceList{"memory": resource.MustParse("256Mi")}
	create(t, c, &corev1.LimitRange{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "l"}, Spec: corev1.LimitRangeSpec{
		Limits: []corev1.LimitRangeItem{{Type: corev1.LimitTypeContainer, Max: max}},
	}})
	expect("its LimitRange", func(o Surroundings) bool { return len(o.LimitRanges) == 1 && o.FullQuota == "" })

	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "q"}}
	quota.Spec.Hard = corev1.ResourceList{"configmaps": resource.MustParse("0")}
	create(t, c, quota)
	quota.Status = corev1.ResourceQuotaStatus{Hard: quota.Spec.Hard, Used: quota.Spec.Hard}
	if err := c.Status().Update(t.Context(), quota); err != nil {
		t.Fatal(err)
	}
	expect("its quota, which is full", func(o Surroundings) bool { return len(o.Quotas) == 1 && o.FullQuota == `"q" (configmaps: 0)` })

	mesh := newUnstructured(model.KindMeshConfig)
	mesh.SetName(v1alpha1.MeshConfigName)
	if err := c.Create(t.Context(), mesh.DeepCopy()); client.IgnoreAlreadyExists(err) != nil {
		t.Fatal(err)
	}
	patch := func(sidecar string) error {
		return c.Patch(context.Background(), mesh, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"sidecar":`+sidecar+`}}`)))
	}
	t.Cleanup(func() { _ = patch("null") })
	if err := patch(`{"proxy":{"requests":{"cpu":1},"limits":{"cpu":"1500m"}},"init":{"limits":{"memory":"1Gi"}}}`); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the MeshConfig", func(ctx context.Context) error {
		now := s.Mesh(ctx)
		if now.Proxy.Requests.Cpu().String() != "1" || now.Proxy.Limits.Cpu().String() != "1500m" || now.Init.Limits.Memory().String() != "1Gi" {
			return fmt.Errorf("got %+v", now)
		}
		return nil
	})
	for _, nonsense := range []string{
		`{"proxy":{"requests":{"cpu":"much"}}}`, `{"proxy":{"requests":{"cpu":"2"},"limits":{"cpu":1}}}`, `{"init":{"limits":{"memory":"0"}}}`, `{"init":{"limits":{"memory":"-1Gi"}}}`,
	} {
		if err := patch(nonsense); err == nil {
			t.Errorf("%s is taken", nonsense)
		}
	}
}
