package report

import (
	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/model"
)

// holders knows which objects of one resource hold a pod.
type holders struct {
	resource string
	services []Service
	pods     map[model.Key][]model.Key
}

// newHolders looks up the pods that are there once; their rows are many.
func newHolders(resource string, c Cluster) holders {
	h := holders{resource: resource, services: c.Services, pods: make(map[model.Key][]model.Key, len(c.Pods))}
	for _, p := range c.Pods {
		h.pods[p.Key] = h.ofPod(p)
	}
	return h
}

func (h holders) ofPod(p Pod) []model.Key {
	switch h.resource {
	case Pods:
		return []model.Key{p.Key}
	case Namespaces:
		return []model.Key{{Name: p.Namespace}}
	case Nodes:
		return []model.Key{{Name: p.Node}}
	case Services:
		var found []model.Key
		for _, s := range h.services {
			if s.selects(p) {
				found = append(found, s.Key)
			}
		}
		return found
	}
	for _, owner := range []model.Workload{p.Workload, p.Controller} {
		if owner.Kind == h.resource {
			return []model.Key{{Namespace: p.Namespace, Name: owner.Name}}
		}
	}
	return nil
}

// ofRow goes by the row where its pod is gone already.
func (h holders) ofRow(r *figures.Row) []model.Key {
	if found, ok := h.pods[r.Reporter]; ok {
		return found
	}
	gone := Pod{
		Key: r.Reporter, Node: r.Node,
		Workload: model.Workload{Kind: r.Own.Kind, Name: r.Own.Name},
	}
	return h.ofPod(gone)
}
