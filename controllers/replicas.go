package controllers

import (
	"context"
	"net"
	"slices"
	"strconv"

	discoveryv1 "k8s.io/api/discovery/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Replicas lists the "address:port" of the other replicas of the controller, as
// the endpoints of its Service have them now.
func Replicas(reader client.Reader, service client.ObjectKey, own string, port int) func() []string {
	return func() []string {
		var list discoveryv1.EndpointSliceList
		//nolint:forbidigo // the cache answers at once; there is nothing to cancel
		err := reader.List(context.Background(), &list, client.InNamespace(service.Namespace),
			client.MatchingLabels{discoveryv1.LabelServiceName: service.Name})
		if err != nil {
			return nil // the cache is not there yet; neither is anything to report
		}
		var addrs []string
		for _, slice := range list.Items {
			for _, e := range slice.Endpoints {
				if e.Conditions.Serving != nil && !*e.Conditions.Serving {
					continue
				}
				for _, a := range e.Addresses {
					if a != own {
						addrs = append(addrs, net.JoinHostPort(a, strconv.Itoa(port)))
					}
				}
			}
		}
		slices.Sort(addrs)
		return slices.Compact(addrs)
	}
}
