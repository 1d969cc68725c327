package metricsapi

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/weft-mesh/weft/api/trafficmetrics"
)

// edgesStorage serves the subresource edges of one resource.
type edgesStorage struct {
	columns
	view   resourceView
	parent *storage
}

var _ rest.Getter = &edgesStorage{}

// New is for the types of answers alone.
func (s *edgesStorage) New() runtime.Object { return &trafficmetrics.TrafficMetricsList{} }

// Destroy has nothing to release.
func (s *edgesStorage) Destroy() {}

// Get gives all edges of one object.
func (s *edgesStorage) Get(ctx context.Context, name string, _ *metav1.GetOptions) (runtime.Object, error) {
	namespace := request.NamespaceValue(ctx)
	items, ok, version, err := s.view.edges(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, apierrors.NewNotFound(s.parent.resource, name)
	}
	for i := range items {
		items[i].ResourceVersion = version
	}
	resource := s.view.common(namespace)
	resource.Name = name
	if items == nil {
		items = []trafficmetrics.TrafficMetrics{}
	}
	return &trafficmetrics.TrafficMetricsList{
		ListMeta: metav1.ListMeta{ResourceVersion: version}, Resource: resource, Items: items,
	}, nil
}
