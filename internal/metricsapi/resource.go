package metricsapi

import (
	"context"
	"slices"
	"strings"

	"github.com/weft-mesh/weft/api/trafficmetrics"
	"github.com/weft-mesh/weft/internal/metricsapi/report"
)

// resourceView shows one resource of the specification.
type resourceView struct {
	*backend
	unit     report.Unit
	resource report.Resource
}

func (v resourceView) list(ctx context.Context, namespace, _ string) (report.Question, []trafficmetrics.TrafficMetrics, error) {
	q, err := v.ask(ctx, v.unit, []report.Resource{v.resource}, v.bound(namespace, ""))
	if err != nil {
		return q, nil, err
	}
	return q, q.List(v.resource), nil
}

func (v resourceView) get(ctx context.Context, namespace, name string) ([]trafficmetrics.TrafficMetrics, bool, string, error) {
	q, err := v.ask(ctx, v.unit, []report.Resource{v.resource}, v.bound(namespace, name))
	if err != nil {
		return nil, false, "", err
	}
	items, ok := q.Get(v.resource, name)
	return items, ok, versionOf(q), nil
}

func (v resourceView) edges(ctx context.Context, namespace, name string) ([]trafficmetrics.TrafficMetrics, bool, string, error) {
	q, err := v.ask(ctx, v.unit, []report.Resource{v.resource}, v.bound(namespace, name))
	if err != nil {
		return nil, false, "", err
	}
	items, ok := q.Edges(v.resource, name)
	return items, ok, versionOf(q), nil
}

// bound is the namespace that holds all pods that matter, if there is but one.
func (v resourceView) bound(namespace, name string) string {
	switch {
	case v.resource.Namespaced:
		return namespace
	case v.resource.Name == report.Namespaces:
		return name
	}
	return ""
}

func (v resourceView) common(namespace string) trafficmetrics.ObjectReference {
	ref := trafficmetrics.ObjectReference{Kind: v.resource.Kind, APIVersion: v.resource.APIVersion}
	if v.resource.Namespaced {
		ref.Namespace = namespace
	}
	return ref
}

// overviewView shows all that a person would look at.
type overviewView struct {
	*backend
	unit report.Unit
}

func (v overviewView) list(ctx context.Context, namespace, kind string) (report.Question, []trafficmetrics.TrafficMetrics, error) {
	resources := overviewResources(kind)
	q, err := v.ask(ctx, v.unit, resources, namespace)
	if err != nil {
		return q, nil, err
	}
	return q, q.Overview(kind), nil
}

func (v overviewView) get(ctx context.Context, namespace, name string) ([]trafficmetrics.TrafficMetrics, bool, string, error) {
	kind, _, _ := strings.Cut(name, ".")
	q, err := v.ask(ctx, v.unit, overviewResources(kind), namespace)
	if err != nil {
		return nil, false, "", err
	}
	items, ok := q.OverviewOf(name)
	return items, ok, versionOf(q), nil
}

// overviewResources are those that a kind needs; without one, all that can be
// the workload of a pod.
func overviewResources(kind string) []report.Resource {
	if kind != "" {
		if r, ok := report.Find(kind); ok {
			return []report.Resource{r}
		}
		return nil
	}
	return slices.DeleteFunc(slices.Clone(report.Resources), func(r report.Resource) bool {
		return !r.Namespaced || r.Name == report.Services
	})
}

func (v overviewView) common(namespace string) trafficmetrics.ObjectReference {
	return trafficmetrics.ObjectReference{Namespace: namespace}
}
