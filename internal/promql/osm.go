package promql

import (
	"slices"

	"github.com/weft-mesh/weft/internal/figures"
)

func osmViews() []view {
	who := []label{
		{"source_namespace", func(d *figures.Detail) string { return known(d.Peer.Namespace) }},
		{"source_kind", func(d *figures.Detail) string { return known(kind(d.Peer)) }},
		{"source_name", func(d *figures.Detail) string { return known(d.Peer.Name) }},
		{"source_identity", func(d *figures.Detail) string { return d.PeerIdentity }},
		{"destination_namespace", func(d *figures.Detail) string { return d.Own.Namespace }},
		{"destination_kind", func(d *figures.Detail) string { return kind(d.Own) }},
		{"destination_name", func(d *figures.Detail) string { return d.Own.Name }},
		{"destination_port", port},
	}
	return []view{
		{OSM, "osm_request_total", figures.Requests, figures.Server, slices.Concat(who, outcome("response_code", "grpc_status", "response_flags"))},
		{OSM, "osm_request_duration_ms", figures.Durations, figures.Server, who},
	}
}
