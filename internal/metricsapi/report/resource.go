package report

import (
	"slices"
	"strings"

	"github.com/weft-mesh/weft/translators/model"
)

// Resource is a resource of metrics.smi-spec.io.
type Resource struct {
	// Name is plural and lower-case, Kind and APIVersion are of the object that
	// the traffic belongs to.
	Name, Kind, APIVersion string
	Namespaced             bool
}

// The resources that are told apart from others.
const (
	Namespaces    = "namespaces"
	Nodes         = "nodes"
	Pods          = "pods"
	Services      = "services"
	TrafficSplits = "trafficsplits"
)

// Resources are those of the specification.
var Resources = []Resource{
	{Namespaces, "Namespace", "v1", false},
	{Nodes, "Node", "v1", false},
	{Pods, "Pod", "v1", true},
	{"replicationcontrollers", "ReplicationController", "v1", true},
	{Services, "Service", "v1", true},
	{"daemonsets", "DaemonSet", "apps/v1", true},
	{"deployments", "Deployment", "apps/v1", true},
	{"replicasets", "ReplicaSet", "apps/v1", true},
	{"statefulsets", "StatefulSet", "apps/v1", true},
	{"jobs", "Job", "batch/v1", true},
	{TrafficSplits, "TrafficSplit", "split.smi-spec.io/v1alpha4", true},
}

// Find gives a resource by its plural name, or its kind in any case.
func Find(name string) (Resource, bool) {
	for _, r := range Resources {
		if strings.EqualFold(name, r.Name) || strings.EqualFold(name, r.Kind) {
			return r, true
		}
	}
	return Resource{}, false
}

// resourceOf is the resource of a workload; another product's kind, such as a
// Rollout, has no API version here.
func resourceOf(plural string) Resource {
	if r, ok := Find(plural); ok {
		return r
	}
	kind := strings.TrimSuffix(plural, "s")
	if kind != "" {
		kind = strings.ToUpper(kind[:1]) + kind[1:]
	}
	return Resource{Name: plural, Kind: kind, Namespaced: true}
}

// Cluster is what exists, as far as a question needs it.
type Cluster struct {
	// Pods are those of the mesh.
	Pods     []Pod
	Services []Service
	Splits   []*model.Split
	// Objects has the labels of all objects of a resource.
	Objects map[string]map[model.Key]Labels
}

// labels tells also whether the object exists. Of a resource that weft does not
// read, those objects do that have pods in the mesh.
func (c Cluster) labels(resource string, key model.Key) (Labels, bool) {
	if objects, ok := c.Objects[resource]; ok {
		labels, exists := objects[key]
		return labels, exists
	}
	return nil, slices.ContainsFunc(c.Pods, func(p Pod) bool {
		return p.Namespace == key.Namespace && p.Workload == model.Workload{Kind: resource, Name: key.Name}
	})
}

// Labels are an object's.
type Labels = map[string]string

// Pod is a pod of the mesh.
type Pod struct {
	model.Key
	Node   string
	Labels Labels
	// Controller owns the pod, Workload is what a person would name; both may
	// be the same, and the workload may be the pod.
	Controller, Workload model.Workload
}

// Service is a Service and the labels of the pods behind it; without any, weft
// does not know who is behind it.
type Service struct {
	model.Key
	Selector Labels
}

func (s Service) selects(p Pod) bool {
	if len(s.Selector) == 0 || s.Namespace != p.Namespace {
		return false
	}
	for name, value := range s.Selector {
		if got, ok := p.Labels[name]; !ok || got != value {
			return false
		}
	}
	return true
}
