package inventory

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/kube"
)

// Targets are the pods whose sidecars count: those of the mesh that have an
// address.
func (i *Inventory) Targets(ctx context.Context) ([]figures.Target, error) {
	var list corev1.PodList
	if err := i.reader.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("list pods: %w", err)
	}
	var all []figures.Target
	for n := range list.Items {
		p := &list.Items[n]
		fragment, _ := kube.Pod(p)
		if fragment == nil || !fragment.Meshed || len(fragment.Addresses) == 0 {
			continue
		}
		all = append(all, figures.Target{
			UID: string(p.UID), Pod: fragment.Key, Node: p.Spec.NodeName, Address: fragment.Addresses[0],
			Own: figures.Workload{Namespace: p.Namespace, Kind: fragment.Workload.Kind, Name: fragment.Workload.Name},
		})
	}
	return all, nil
}
