package metricsapi

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/internal/metricsapi/inventory"
	"github.com/weft-mesh/weft/internal/metricsapi/report"
	"github.com/weft-mesh/weft/translators/model"
)

// large is a namespace of 1,000 pods that each have 20 peers; it is the
// inventory's reader and the source.
type large struct {
	client.Reader
	pods []corev1.Pod
	rows []figures.Row
}

func newLarge() *large {
	l := &large{}
	yes := true
	for p := range 1000 {
		app := fmt.Sprintf("app-%d", p%100)
		name := fmt.Sprintf("%s-a-%d", app, p)
		l.pods = append(l.pods, corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "shop", Name: name, Labels: map[string]string{"app": app, "pod-template-hash": "a"},
				OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: app + "-a", Controller: &yes}},
			},
			Spec: corev1.PodSpec{InitContainers: []corev1.Container{{Name: "weft-proxy"}}},
		})
		for e := range 20 {
			l.rows = append(l.rows, figures.Row{
				Key: figures.Key{
					Side: figures.Server, Reporter: model.Key{Namespace: "shop", Name: name},
					Own:  figures.Workload{Namespace: "shop", Kind: "deployments", Name: app},
					Peer: figures.Workload{Namespace: "shop", Kind: "deployments", Name: fmt.Sprintf("app-%d", e)}, PeerIdentity: "spiffe://c",
				},
				Counts: counts(5, 1),
			})
		}
	}
	return l
}

func (l *large) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	switch list := list.(type) {
	case *corev1.PodList:
		list.Items = slices.Clone(l.pods)
	case *metav1.PartialObjectMetadataList:
		for app := range 100 {
			list.Items = append(list.Items, metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: fmt.Sprintf("app-%d", app)}})
		}
	}
	return nil
}

func (l *large) Rows(time.Duration, string) (iter.Seq[*figures.Row], time.Time) {
	return each(l.rows), time.Now()
}

// BenchmarkAnswers is of a list of a namespace as kubectl gets it, from the
// storage on, and of all edges in it one by one.
func BenchmarkAnswers(b *testing.B) {
	l := newLarge()
	all := storages(&backend{source: l, inventory: inventory.New(l, meta.NewDefaultRESTMapper(nil)), clock: clock.RealClock{}}, report.Seconds)
	ctx := request.WithNamespace(b.Context(), "shop")
	for _, resource := range []string{"trafficmetrics", "deployments", "pods"} {
		s := all[resource].(*storage)
		b.Run(resource, func(b *testing.B) {
			measure(b, s, func() (runtime.Object, error) { return s.List(ctx, &internalversion.ListOptions{}) })
		})
	}
	edges := all["deployments/edges"].(*edgesStorage)
	b.Run("edges", func(b *testing.B) {
		measure(b, edges, func() (runtime.Object, error) { return edges.Get(ctx, "app-7", nil) })
	})
}

func measure(b *testing.B, tables rest.TableConvertor, ask func() (runtime.Object, error)) {
	b.ReportAllocs()
	var times []time.Duration
	for b.Loop() {
		start := time.Now()
		object, err := ask()
		if err != nil {
			b.Fatal(err)
		}
		table, err := tables.ConvertToTable(b.Context(), object, &metav1.TableOptions{})
		if err != nil || len(table.Rows) < 20 {
			b.Fatal(len(table.Rows), err)
		}
		if _, err := json.Marshal(table); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
}
