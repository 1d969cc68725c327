package envoy

import (
	"fmt"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"

	"github.com/weft-mesh/weft/translators/model"
)

// A sidecar that answers by itself says which side it is and why. The first
// mapper that takes an answer decides; docs/operations.md lists the texts.
const (
	callersSide = "the caller's sidecar"
	serversSide = "the server's sidecar"
)

// outboundReplies are the answers that the caller's sidecar gives by itself.
func outboundReplies(h model.HeaderLimits) *hcmv3.LocalReplyConfig {
	peer := "a pod of %UPSTREAM_CLUSTER% at %UPSTREAM_HOST%"
	return &hcmv3.LocalReplyConfig{Mappers: append([]*hcmv3.ResponseMapper{
		// An address without routes. Why, nobody here can tell: a kept connection may
		// lead to the address of a Service that was deleted.
		reply("NR", "weft: no TrafficTarget lets this pod ask %REQ(:AUTHORITY)% for %REQ(:METHOD)% %PATH(NQ:PATH)%, or the Service at the address it dialled is gone", 403),
		reply("UH", because(callersSide, "%UPSTREAM_CLUSTER% has no pod that is ready"), 0),
		reply("UF", because(callersSide, "no connection to "+peer+": %UPSTREAM_TRANSPORT_FAILURE_REASON%"), 0),
		reply("UC", because(callersSide, peer+" closed the connection before it had answered"), 0),
	}, commonReplies(callersSide, peer, h)...)}
}

// inboundReplies are the answers that the server's sidecar gives by itself.
func inboundReplies(h model.HeaderLimits) *hcmv3.LocalReplyConfig {
	const application = "the application at port %DOWNSTREAM_LOCAL_PORT%"
	return &hcmv3.LocalReplyConfig{Mappers: append([]*hcmv3.ResponseMapper{
		unprocessed(reply("UF", because(serversSide, "no connection to "+application), 0)),
		reply("UC", because(serversSide, application+" closed the connection before it had answered"), 0),
		explainPath(), explainDenial(),
	}, commonReplies(serversSide, application, h)...)}
}

// commonReplies are those of both sides.
func commonReplies(side, peer string, h model.HeaderLimits) []*hcmv3.ResponseMapper {
	return []*hcmv3.ResponseMapper{
		reply("UPE", because(side, "the answer of "+peer+" breaks the rules of HTTP, or the limits of headers ("+limits(h)+"): %RESPONSE_CODE_DETAILS%"), 0),
		{Filter: ofStatus(431), BodyFormatOverride: text(because(side, "the request's headers are more than "+limits(h)))},
		{Filter: flagged("UO"), BodyFormatOverride: text(because(side, "too much is under way to "+peer))},
		{Filter: flagged("OM"), BodyFormatOverride: text(because(side, "it is short of memory; give it more by the annotation weft.mesh/proxy-memory"))},
		{Filter: flagged("DPE", "UR", "UT", "LR", "URX", "NC"), BodyFormatOverride: text(because(side, "%RESPONSE_CODE_DETAILS%"))},
	}
}

func limits(h model.HeaderLimits) string {
	h = h.OrDefault()
	return fmt.Sprintf("%d lines or %d kB, MeshConfig's headerLimits", h.Count, h.Kilobytes)
}

func because(side, reason string) string { return "weft: " + side + " answers: " + reason }

// reply is the text of an answer that has a flag of Envoy's, and its status
// where that is to be another.
func reply(flag, format string, status uint32) *hcmv3.ResponseMapper {
	m := &hcmv3.ResponseMapper{Filter: flagged(flag), BodyFormatOverride: text(format)}
	if status != 0 {
		m.StatusCode = u32(status)
	}
	return m
}

// unprocessed marks the answer to a request for which no connection to the
// application could be had.
func unprocessed(m *hcmv3.ResponseMapper) *hcmv3.ResponseMapper {
	m.HeadersToAdd = append(m.HeadersToAdd, &corev3.HeaderValueOption{Header: &corev3.HeaderValue{Key: UnprocessedHeader, Value: "true"}})
	return m
}

// explainDenial makes a denial say who asked and what is missing. It concerns
// answers of the sidecar alone, not an application's own 403.
func explainDenial() *hcmv3.ResponseMapper {
	return &hcmv3.ResponseMapper{
		Filter:             ofStatus(403),
		BodyFormatOverride: text("weft: no TrafficTarget lets %DOWNSTREAM_PEER_URI_SAN% ask for %REQ(:METHOD)% %PATH(NQ:PATH)%"),
	}
}

// unrouted takes requests to an address that has no scope.
func unrouted() *accesslogv3.AccessLogFilter { return flagged("NR") }

// flagged takes what has one of some flags of Envoy's.
func flagged(flags ...string) *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_ResponseFlagFilter{
		ResponseFlagFilter: &accesslogv3.ResponseFlagFilter{Flags: flags},
	}}
}

func ofStatus(code uint32) *accesslogv3.AccessLogFilter {
	return statusFilter(accesslogv3.ComparisonFilter_EQ, code)
}

func fromStatus(code uint32) *accesslogv3.AccessLogFilter {
	return statusFilter(accesslogv3.ComparisonFilter_GE, code)
}

func statusFilter(op accesslogv3.ComparisonFilter_Op, code uint32) *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_StatusCodeFilter{
		StatusCodeFilter: &accesslogv3.StatusCodeFilter{Comparison: &accesslogv3.ComparisonFilter{
			// Envoy wants a key; nobody sets it.
			Op: op, Value: &corev3.RuntimeUInt32{DefaultValue: code, RuntimeKey: "weft.status"},
		}},
	}}
}

func text(format string) *corev3.SubstitutionFormatString {
	return &corev3.SubstitutionFormatString{Format: &corev3.SubstitutionFormatString_TextFormatSource{
		TextFormatSource: &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: format + "\n"}},
	}}
}
