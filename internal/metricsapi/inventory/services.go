package inventory

import (
	"context"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/translators/model"
)

// clusterIPs is an index of Services by their addresses.
const clusterIPs = "spec.clusterIPs"

func addressesOf(o client.Object) []string {
	s, ok := o.(*corev1.Service)
	if !ok {
		return nil
	}
	var all []string
	for _, text := range s.Spec.ClusterIPs {
		if a, err := netip.ParseAddr(text); err == nil { // "None" is none
			all = append(all, a.String())
		}
	}
	return all
}

// ServiceOf is the Service that has an address; zero where none has.
func (i *Inventory) ServiceOf(ctx context.Context, address netip.Addr) (model.Key, error) {
	var list corev1.ServiceList
	if err := i.reader.List(ctx, &list, client.MatchingFields{clusterIPs: address.String()}); err != nil {
		return model.Key{}, fmt.Errorf("find the Service of %s: %w", address, err)
	}
	if len(list.Items) == 0 {
		return model.Key{}, nil
	}
	return model.Key{Namespace: list.Items[0].Namespace, Name: list.Items[0].Name}, nil
}
