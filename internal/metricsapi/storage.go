package metricsapi

import (
	"context"
	"fmt"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/api/trafficmetrics"
	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/internal/metricsapi/report"
)

// Inventory says what exists: the pods of the mesh, and the objects of some
// resources, in one namespace or in all.
type Inventory interface {
	Cluster(ctx context.Context, resources []report.Resource, namespace string) (report.Cluster, error)
}

// backend answers questions.
type backend struct {
	source    figures.Source
	inventory Inventory
	clock     clock.WithTicker
}

// ask gathers what is known; the namespace bounds how much is looked at.
func (b *backend) ask(ctx context.Context, unit report.Unit, resources []report.Resource, namespace string) (report.Question, error) {
	cluster, err := b.inventory.Cluster(ctx, resources, namespace)
	if err != nil {
		return report.Question{}, fmt.Errorf("read the cluster: %w", err)
	}
	window := windowFrom(ctx)
	rows, end := b.source.Rows(window, namespace)
	return report.Question{Cluster: cluster, Namespace: namespace, Rows: rows, Window: window, End: end, Unit: unit}, nil
}

// view is what one resource of the API shows.
type view interface {
	list(ctx context.Context, namespace, kind string) (report.Question, []trafficmetrics.TrafficMetrics, error)
	get(ctx context.Context, namespace, name string) (items []trafficmetrics.TrafficMetrics, exists bool, end string, err error)
	// common is what the items of a list have in common.
	common(namespace string) trafficmetrics.ObjectReference
}

// storage serves one resource.
type storage struct {
	view
	columns
	clock    clock.WithTicker
	names    names
	resource schema.GroupResource
}

// names are how discovery shows a resource.
type names struct {
	singular, kind    string
	short, categories []string
	namespaced        bool
}

var (
	_ rest.Getter               = &storage{}
	_ rest.Lister               = &storage{}
	_ rest.Watcher              = &storage{}
	_ rest.Scoper               = &storage{}
	_ rest.KindProvider         = &storage{}
	_ rest.SingularNameProvider = &storage{}
	_ rest.ShortNamesProvider   = &storage{}
	_ rest.CategoriesProvider   = &storage{}
)

// New is for the types of answers alone.
func (s *storage) New() runtime.Object { return &trafficmetrics.TrafficMetrics{} }

// NewList is for the types of answers alone.
func (s *storage) NewList() runtime.Object { return &trafficmetrics.TrafficMetricsList{} }

// Destroy has nothing to release.
func (s *storage) Destroy() {}

// NamespaceScoped is false for namespaces and nodes.
func (s *storage) NamespaceScoped() bool { return s.names.namespaced }

// Kind is that of discovery. Each resource has its own, since kubectl finds one
// resource for a kind; objects are TrafficMetrics all the same.
func (s *storage) Kind() string { return s.names.kind }

// GetSingularName is for people.
func (s *storage) GetSingularName() string { return s.names.singular }

// ShortNames are for people.
func (s *storage) ShortNames() []string { return s.names.short }

// Categories are for people.
func (s *storage) Categories() []string { return s.names.categories }

// Get gives one object; of a TrafficSplit a list with its backends.
func (s *storage) Get(ctx context.Context, name string, _ *metav1.GetOptions) (runtime.Object, error) {
	items, ok, version, err := s.get(ctx, request.NamespaceValue(ctx), name)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, apierrors.NewNotFound(s.resource, name)
	}
	if len(items) == 1 && (items[0].Backend == nil || items[0].Name == name) {
		items[0].ResourceVersion = version
		return &items[0], nil
	}
	return &trafficmetrics.TrafficMetricsList{
		ListMeta: metav1.ListMeta{ResourceVersion: version},
		Resource: s.common(request.NamespaceValue(ctx)),
		Items:    items,
	}, nil
}

// List gives a page of what the selectors choose.
func (s *storage) List(ctx context.Context, options *internalversion.ListOptions) (runtime.Object, error) {
	chosen := choose(options)
	items, version, err := s.items(ctx, chosen)
	if err != nil {
		return nil, err
	}
	list := &trafficmetrics.TrafficMetricsList{
		ListMeta: metav1.ListMeta{ResourceVersion: version},
		Resource: s.common(request.NamespaceValue(ctx)),
		Selector: chosen.written(),
	}
	list.Items, list.Continue, list.RemainingItemCount, err = page(items, options)
	if list.Items == nil {
		list.Items = []trafficmetrics.TrafficMetrics{}
	}
	return list, err
}

// items are all that the selectors choose.
func (s *storage) items(ctx context.Context, chosen selection) ([]trafficmetrics.TrafficMetrics, string, error) {
	q, items, err := s.list(ctx, request.NamespaceValue(ctx), chosen.kind())
	if err != nil {
		return nil, "", err
	}
	items = chosen.filter(items)
	current := versionOf(q)
	for i := range items {
		items[i].ResourceVersion = current
	}
	return items, current, nil
}

// versionOf grows with time: it is the end of the window.
func versionOf(q report.Question) string { return strconv.FormatInt(q.End.UnixMilli(), 10) }
