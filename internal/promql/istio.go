package promql

import (
	"cmp"
	"slices"

	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/model"
)

func istioViews() []view {
	who := istioLabels()
	return []view{
		{Istio, "istio_requests_total", figures.Requests, "", slices.Concat(who, outcome("response_code", "grpc_response_status", "response_flags"))},
		{Istio, "istio_request_duration_milliseconds", figures.Durations, "", who},
		{Istio, "istio_tcp_connections_closed_total", figures.Connections, "", slices.Concat(who, outcome("response_code", "grpc_response_status", "response_flags")[2:])},
		// What the server received is what the client sent, whoever counted.
		{Istio, "istio_tcp_received_bytes_total", figures.BytesIn, "", who},
		{Istio, "istio_tcp_sent_bytes_total", figures.BytesOut, "", who},
	}
}

func istioLabels() []label {
	return []label{
		{"reporter", func(d *figures.Detail) string {
			if d.Side == figures.Client {
				return "source"
			}
			return "destination"
		}},
		{"source_workload", func(d *figures.Detail) string { return known(source(d).Name) }},
		{"source_workload_namespace", func(d *figures.Detail) string { return known(source(d).Namespace) }},
		{"source_workload_kind", func(d *figures.Detail) string { return kind(source(d)) }},
		{"source_principal", func(d *figures.Detail) string { return when(d.Side == figures.Server, d.PeerIdentity) }},
		{"destination_workload", func(d *figures.Detail) string { return known(destination(d).Name) }},
		{"destination_workload_namespace", func(d *figures.Detail) string { return known(destination(d).Namespace) }},
		{"destination_workload_kind", func(d *figures.Detail) string { return kind(destination(d)) }},
		{"destination_principal", func(d *figures.Detail) string { return when(d.Side == figures.Client, d.PeerIdentity) }},
		{"destination_service", func(d *figures.Detail) string { return host(chosen(d)) }},
		{"destination_service_name", func(d *figures.Detail) string { return chosen(d).Name }},
		{"destination_service_namespace", func(d *figures.Detail) string { return chosen(d).Namespace }},
		{"called_service_name", func(d *figures.Detail) string { return d.Service.Name }},
		{"called_service_namespace", func(d *figures.Detail) string { return d.Service.Namespace }},
		{"split_name", func(d *figures.Detail) string { return d.Split.Name }},
		{"split_namespace", func(d *figures.Detail) string { return d.Split.Namespace }},
		{"destination_port", port},
		{"request_protocol", protocol},
		{"connection_security_policy", func(d *figures.Detail) string { return secured(d, "mutual_tls", "none") }},
	}
}

// known is a name that Istio has for those that are no part of the mesh.
func known(name string) string { return cmp.Or(name, "unknown") }

// chosen is the Service whose pods answered: the backend that a split chose, or
// the one that was called.
func chosen(d *figures.Detail) model.Key {
	if d.Backend != (model.Key{}) {
		return d.Backend
	}
	return d.Service
}

func host(service model.Key) string {
	if service.Name == "" {
		return ""
	}
	return service.Name + "." + service.Namespace + ".svc.cluster.local"
}

func protocol(d *figures.Detail) string {
	if d.GRPC != "" {
		return "grpc"
	}
	return string(d.Protocol)
}

func when(is bool, value string) string {
	if is {
		return value
	}
	return ""
}

// secured says whether there was mutual TLS; nothing where nobody is at the
// other end.
func secured(d *figures.Detail, yes, no string) string {
	switch {
	case d.PeerIdentity != "":
		return yes
	case d.Port == 0:
		return ""
	default:
		return no
	}
}
