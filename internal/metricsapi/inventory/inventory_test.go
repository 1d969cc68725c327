package inventory

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/weft-mesh/weft/internal/metricsapi/report"
	"github.com/weft-mesh/weft/translators/model"
)

func pod(name string, changes ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Labels: map[string]string{"app": "web"}},
		Spec:       corev1.PodSpec{NodeName: "n1", InitContainers: []corev1.Container{{Name: "weft-proxy", Image: "envoy"}}},
	}
	for _, change := range changes {
		change(p)
	}
	return p
}

func ownedBy(kind, name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		yes := true
		p.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: name, Controller: &yes}}
		p.Labels["pod-template-hash"] = "a"
	}
}

func cluster(t *testing.T, objects []client.Object, resources ...string) report.Cluster {
	t.Helper()
	var found []report.Resource
	for _, name := range resources {
		r, ok := report.Find(name)
		if !ok {
			t.Fatalf("no resource %s", name)
		}
		found = append(found, r)
	}
	// What the cache keeps is what is read.
	for i, o := range objects {
		slimmed, err := slim(o)
		if p, ok := o.(*corev1.Pod); ok {
			slimmed, err = slimPod(p)
		}
		if err != nil {
			t.Fatal(err)
		}
		objects[i] = slimmed.(client.Object)
	}
	reader := fake.NewClientBuilder().WithObjects(objects...).Build()
	c, err := New(reader, meta.NewDefaultRESTMapper(nil)).Cluster(t.Context(), found, "shop")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPodsOfTheMesh(t *testing.T) {
	c := cluster(t, []client.Object{
		pod("web-a-1", ownedBy("ReplicaSet", "web-a")),
		pod("db-0", ownedBy("StatefulSet", "db")),
		pod("bare"),
		pod("unmeshed", func(p *corev1.Pod) { p.Spec.InitContainers = nil }),
		pod("over", func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }),
		pod("elsewhere", func(p *corev1.Pod) { p.Namespace = "other" }),
	}, report.Pods)
	got := map[string][2]model.Workload{}
	for _, p := range c.Pods {
		if p.Node != "n1" || p.Labels["app"] != "web" {
			t.Errorf("%s: node %q, labels %v", p.Key, p.Node, p.Labels)
		}
		got[p.Name] = [2]model.Workload{p.Controller, p.Workload}
	}
	want := map[string][2]model.Workload{
		"web-a-1": {{Kind: "replicasets", Name: "web-a"}, {Kind: "deployments", Name: "web"}},
		"db-0":    {{Kind: "statefulsets", Name: "db"}, {Kind: "statefulsets", Name: "db"}},
		"bare":    {{}, {Kind: "pods", Name: "bare"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if exist := c.Objects[report.Pods]; len(exist) != 5 {
		t.Errorf("pods that exist: %v", exist)
	}
}

func TestServicesKeepTheirSelectors(t *testing.T) {
	c := cluster(t, []client.Object{&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Labels: map[string]string{"a": "b"}},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "web"}, ClusterIP: "10.0.0.1"},
	}}, report.Services)
	want := []report.Service{{Key: model.Key{Namespace: "shop", Name: "web"}, Selector: map[string]string{"app": "web"}}}
	if diff := cmp.Diff(want, c.Services); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := c.Objects[report.Services][want[0].Key]["a"]; got != "b" {
		t.Errorf("labels: %v", c.Objects)
	}
}

// Without the CRD there are no TrafficSplits, and no error.
func TestNoTrafficSplitsWithoutTheirCRD(t *testing.T) {
	c := cluster(t, nil, report.TrafficSplits)
	if len(c.Splits) != 0 || c.Objects[report.TrafficSplits] == nil {
		t.Errorf("%+v", c)
	}
}

func TestServiceOf(t *testing.T) {
	web := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}, Spec: corev1.ServiceSpec{ClusterIPs: []string{"10.0.0.1", "fd00:0::1"}}}
	headless := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "headless"}, Spec: corev1.ServiceSpec{ClusterIPs: []string{"None"}}}
	var objects []client.Object
	for _, s := range []*corev1.Service{web, headless} {
		slimmed, err := slim(s)
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, slimmed.(client.Object))
	}
	reader := fake.NewClientBuilder().WithObjects(objects...).WithIndex(&corev1.Service{}, clusterIPs, addressesOf).Build()
	known := New(reader, meta.NewDefaultRESTMapper(nil))
	for address, want := range map[string]model.Key{
		"10.0.0.1": {Namespace: "shop", Name: "web"}, "fd00::1": {Namespace: "shop", Name: "web"}, "10.0.0.2": {},
	} {
		if got, err := known.ServiceOf(t.Context(), netip.MustParseAddr(address)); err != nil || got != want {
			t.Errorf("%s: %v, %v", address, got, err)
		}
	}
}
