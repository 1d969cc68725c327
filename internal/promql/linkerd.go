package promql

import (
	"slices"
	"strings"

	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/internal/metricsapi/report"
)

func linkerdViews() []view {
	who := []label{
		fixed("direction", "inbound"),
		{"namespace", func(d *figures.Detail) string { return d.Own.Namespace }},
		{"target_port", port},
		{"client_id", func(d *figures.Detail) string { return d.PeerIdentity }},
		{"client_namespace", func(d *figures.Detail) string { return d.Peer.Namespace }},
		{"client_kind", func(d *figures.Detail) string { return kind(d.Peer) }},
		{"client_name", func(d *figures.Detail) string { return d.Peer.Name }},
		// A workload's name is the value of a label that its kind is the name of;
		// these two are for kinds that are not known here.
		{"workload_kind", func(d *figures.Detail) string { return kind(d.Own) }},
		{"workload_name", func(d *figures.Detail) string { return d.Own.Name }},
		{"tls", func(d *figures.Detail) string { return secured(d, "true", "no_identity") }},
	}
	for _, r := range report.Resources {
		if r.Namespaced {
			who = append(who, label{strings.ToLower(r.Kind), func(d *figures.Detail) string { return when(d.Own.Kind == r.Name, d.Own.Name) }})
		}
	}
	classification := label{"classification", func(d *figures.Detail) string {
		if d.Failed {
			return "failure"
		}
		return "success"
	}}
	return []view{
		{Linkerd, "response_total", figures.Requests, figures.Server, append(slices.Concat(who, outcome("status_code", "grpc_status", "error")), classification)},
		{Linkerd, "response_latency_ms", figures.Durations, figures.Server, who},
	}
}
