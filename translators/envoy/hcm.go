package envoy

import (
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	mutationv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	headermutationv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_mutation/v3"
	httprbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	earlymutationv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/http/early_header_mutation/header_mutation/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"
)

const hcmFilter = "envoy.filters.network.http_connection_manager"

func networkFilter(name string, m proto.Message) *listenerv3.Filter {
	return &listenerv3.Filter{Name: name, ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: packed(m)}}
}

func httpFilter(name string, m proto.Message) *hcmv3.HttpFilter {
	return &hcmv3.HttpFilter{Name: name, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed(m)}}
}

// router counts no answers by itself: the figures have them, with more labels.
func router() *hcmv3.HttpFilter {
	return httpFilter("envoy.filters.http.router", &routerv3.Router{SuppressEnvoyHeaders: true, DynamicStats: off()})
}

// connectionManager is what both sides have in common.
func connectionManager(prefix string) *hcmv3.HttpConnectionManager {
	return &hcmv3.HttpConnectionManager{
		StatPrefix: prefix,
		// Request ids and the x-envoy headers are the application's own business.
		GenerateRequestId:          off(),
		ServerHeaderTransformation: hcmv3.HttpConnectionManager_PASS_THROUGH,
		HttpProtocolOptions:        &corev3.Http1ProtocolOptions{AcceptHttp_10: true},
		Http2ProtocolOptions:       &corev3.Http2ProtocolOptions{AllowConnect: true},
		UpgradeConfigs:             []*hcmv3.HttpConnectionManager_UpgradeConfig{{UpgradeType: "websocket"}},
		StreamIdleTimeout:          seconds(0), // long polls and watches are not idle
		UseRemoteAddress:           off(),
		SkipXffAppend:              true,
	}
}

// setHeader overwrites a request header with what Envoy knows.
func setHeader(name, format string) *mutationv3.HeaderMutation {
	return &mutationv3.HeaderMutation{Action: &mutationv3.HeaderMutation_Append{Append: &corev3.HeaderValueOption{
		Header:       &corev3.HeaderValue{Key: name, Value: format},
		AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}}}
}

func ifAbsent(name, value string) *mutationv3.HeaderMutation {
	return &mutationv3.HeaderMutation{Action: &mutationv3.HeaderMutation_Append{Append: &corev3.HeaderValueOption{
		Header:       &corev3.HeaderValue{Key: name, Value: value},
		AppendAction: corev3.HeaderValueOption_ADD_IF_ABSENT,
	}}}
}

// callersCommands are weft's own headers, and those by which a request tells a
// router how to treat it (retries, deadlines, names of statistics). The server's
// sidecar takes neither from callers.
func callersCommands() (ms []*mutationv3.HeaderMutation) {
	for _, prefix := range []string{
		"x-weft-", "x-envoy-upstream-", "x-envoy-retr", "x-envoy-max-retries", "x-envoy-hedge-", "x-envoy-expected-rq-timeout-ms",
	} {
		ms = append(ms, &mutationv3.HeaderMutation{Action: &mutationv3.HeaderMutation_RemoveOnMatch_{RemoveOnMatch: &mutationv3.HeaderMutation_RemoveOnMatch{
			KeyMatcher: &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Prefix{Prefix: prefix}},
		}}})
	}
	return ms
}

func earlyMutation(ms ...*mutationv3.HeaderMutation) []*corev3.TypedExtensionConfig {
	return []*corev3.TypedExtensionConfig{{
		Name: "envoy.http.early_header_mutation.header_mutation", TypedConfig: packed(&earlymutationv3.HeaderMutation{Mutations: ms}),
	}}
}

// outboundManager picks routes by the address that was dialled, whatever host
// the request names.
func outboundManager() *hcmv3.HttpConnectionManager {
	m := connectionManager("outbound")
	m.EarlyHeaderMutationExtensions = earlyMutation(setHeader(DestinationHeader, "%DOWNSTREAM_LOCAL_ADDRESS%"))
	m.ForwardClientCertDetails = hcmv3.HttpConnectionManager_SANITIZE
	m.LocalReplyConfig = refuseUnrouted()
	m.AccessLog = clientFigures()
	m.RouteSpecifier = &hcmv3.HttpConnectionManager_ScopedRoutes{ScopedRoutes: &hcmv3.ScopedRoutes{
		Name: "outbound",
		ScopeKeyBuilder: &hcmv3.ScopedRoutes_ScopeKeyBuilder{Fragments: []*hcmv3.ScopedRoutes_ScopeKeyBuilder_FragmentBuilder{{
			Type: &hcmv3.ScopedRoutes_ScopeKeyBuilder_FragmentBuilder_HeaderValueExtractor_{
				HeaderValueExtractor: &hcmv3.ScopedRoutes_ScopeKeyBuilder_FragmentBuilder_HeaderValueExtractor{
					Name:        DestinationHeader,
					ExtractType: &hcmv3.ScopedRoutes_ScopeKeyBuilder_FragmentBuilder_HeaderValueExtractor_Index{Index: 0},
				},
			},
		}}},
		ConfigSpecifier: &hcmv3.ScopedRoutes_ScopedRds{ScopedRds: &hcmv3.ScopedRds{ScopedRdsConfigSource: overADS()}},
	}}
	m.HttpFilters = []*hcmv3.HttpFilter{router()}
	return m
}

// inboundManager lets in what the routes' policy allows. By itself it lets in
// nothing.
func inboundManager() *hcmv3.HttpConnectionManager {
	m := connectionManager("inbound")
	m.NormalizePath, m.MergeSlashes = on(), true
	m.PathWithEscapedSlashesAction = hcmv3.HttpConnectionManager_KEEP_UNCHANGED
	m.ForwardClientCertDetails = hcmv3.HttpConnectionManager_SANITIZE_SET
	m.SetCurrentClientCertDetails = &hcmv3.HttpConnectionManager_SetCurrentClientCertDetails{Uri: true}
	m.LocalReplyConfig = &hcmv3.LocalReplyConfig{Mappers: []*hcmv3.ResponseMapper{tellUnprocessed(), explainDenial()}}
	m.AccessLog = serverFigures()
	// Envoy would take the outer connection's TLS for the application's own.
	m.EarlyHeaderMutationExtensions = earlyMutation(ifAbsent("x-forwarded-proto", "http"))
	m.HttpFilters = []*hcmv3.HttpFilter{
		httpFilter("envoy.filters.http.header_mutation", &headermutationv3.HeaderMutation{Mutations: &headermutationv3.Mutations{
			RequestMutations: append(callersCommands(), setHeader(PathHeader, "%PATH(NQ:PATH)%")),
		}}),
		httpFilter(httpRBACFilter, &httprbacv3.RBAC{Matcher: denyAll()}),
		router(),
	}
	return m
}

// refuseUnrouted answers for a Service of the mesh that the pod may not call: its
// address has no scope.
func refuseUnrouted() *hcmv3.LocalReplyConfig {
	return &hcmv3.LocalReplyConfig{Mappers: []*hcmv3.ResponseMapper{{
		Filter:             unrouted(),
		StatusCode:         u32(403),
		BodyFormatOverride: text("weft: no TrafficTarget lets this pod ask %REQ(:AUTHORITY)% for %REQ(:METHOD)% %PATH(NQ:PATH)%\n"),
	}}}
}

// unrouted takes requests to an address that has no scope.
func unrouted() *accesslogv3.AccessLogFilter { return flagged("NR") }

func flagged(flag string) *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_ResponseFlagFilter{
		ResponseFlagFilter: &accesslogv3.ResponseFlagFilter{Flags: []string{flag}},
	}}
}

// explainDenial makes a denial say who asked and what is missing. It concerns
// answers of the sidecar alone, not an application's own 403.
func explainDenial() *hcmv3.ResponseMapper {
	return &hcmv3.ResponseMapper{
		Filter: &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_StatusCodeFilter{
			StatusCodeFilter: &accesslogv3.StatusCodeFilter{Comparison: &accesslogv3.ComparisonFilter{
				Op: accesslogv3.ComparisonFilter_EQ, Value: &corev3.RuntimeUInt32{DefaultValue: 403, RuntimeKey: "weft.denied"},
			}},
		}},
		BodyFormatOverride: text("weft: no TrafficTarget lets %DOWNSTREAM_PEER_URI_SAN% ask for %REQ(:METHOD)% %PATH(NQ:PATH)%\n"),
	}
}

func text(format string) *corev3.SubstitutionFormatString {
	return &corev3.SubstitutionFormatString{Format: &corev3.SubstitutionFormatString_TextFormatSource{
		TextFormatSource: &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: format}},
	}}
}

// tellUnprocessed marks the answer to a request for which no connection to the
// application could be had.
func tellUnprocessed() *hcmv3.ResponseMapper {
	return &hcmv3.ResponseMapper{
		Filter:       flagged("UF"),
		HeadersToAdd: []*corev3.HeaderValueOption{{Header: &corev3.HeaderValue{Key: UnprocessedHeader, Value: "true"}}},
	}
}
