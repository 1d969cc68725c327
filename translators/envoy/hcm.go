package envoy

import (
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

	"github.com/weft-mesh/weft/translators/model"
)

const (
	hcmFilter            = "envoy.filters.network.http_connection_manager"
	headerMutationFilter = "envoy.filters.http.header_mutation"
)

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
func connectionManager(prefix string, h model.HeaderLimits) *hcmv3.HttpConnectionManager {
	h = h.OrDefault()
	return &hcmv3.HttpConnectionManager{
		StatPrefix: prefix,
		// Request ids and the x-envoy headers are the application's own business.
		GenerateRequestId:          off(),
		ServerHeaderTransformation: hcmv3.HttpConnectionManager_PASS_THROUGH,
		CommonHttpProtocolOptions:  &corev3.HttpProtocolOptions{MaxHeadersCount: u32(h.Count)},
		MaxRequestHeadersKb:        u32(h.Kilobytes),
		HttpProtocolOptions:        http1Server(),
		Http2ProtocolOptions:       http2Server(h),
		UpgradeConfigs:             []*hcmv3.HttpConnectionManager_UpgradeConfig{{UpgradeType: "websocket"}},
		// A server that wants no body says so before it is sent.
		Proxy_100Continue: true,
		StreamIdleTimeout: seconds(0), // long polls and watches are not idle
		UseRemoteAddress:  off(),
		SkipXffAppend:     true,
	}
}

// endConnectionsAfter has clients told, with the next answer, that a connection
// of so many seconds ends; requests under way go on.
func endConnectionsAfter(m *hcmv3.HttpConnectionManager, life int64) {
	m.CommonHttpProtocolOptions.MaxConnectionDuration = seconds(life)
	m.Http1SafeMaxConnectionDuration = true
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

// applicationConnectionLife is how long an application may send requests on one
// connection.
const applicationConnectionLife = 30

// outboundManager picks routes by the address that was dialled, whatever host
// the request names.
func outboundManager(h model.HeaderLimits) *hcmv3.HttpConnectionManager {
	m := connectionManager("outbound", h)
	m.EarlyHeaderMutationExtensions = earlyMutation(setHeader(DestinationHeader, "%DOWNSTREAM_LOCAL_ADDRESS%"))
	m.ForwardClientCertDetails = hcmv3.HttpConnectionManager_SANITIZE
	m.LocalReplyConfig = outboundReplies(h)
	// Who keeps a connection to a Service that was deleted and made anew is refused
	// at its old address; a new connection finds the new one.
	endConnectionsAfter(m, applicationConnectionLife)
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
func inboundManager(h model.HeaderLimits) *hcmv3.HttpConnectionManager {
	m := connectionManager("inbound", h)
	// The application gets the path as it was sent (docs/adr/0033).
	m.NormalizePath, m.MergeSlashes = off(), false
	m.PathWithEscapedSlashesAction = hcmv3.HttpConnectionManager_KEEP_UNCHANGED
	m.ForwardClientCertDetails = hcmv3.HttpConnectionManager_SANITIZE_SET
	m.SetCurrentClientCertDetails = &hcmv3.HttpConnectionManager_SetCurrentClientCertDetails{Uri: true}
	m.LocalReplyConfig = inboundReplies(h)
	m.AccessLog = serverFigures()
	// Envoy would take the outer connection's TLS for the application's own.
	m.EarlyHeaderMutationExtensions = earlyMutation(ifAbsent("x-forwarded-proto", "http"))
	m.HttpFilters = []*hcmv3.HttpFilter{
		httpFilter(headerMutationFilter, &headermutationv3.HeaderMutation{Mutations: &headermutationv3.Mutations{
			RequestMutations: append(callersCommands(), setHeader(PathHeader, "%PATH(NQ:PATH)%"), setHeader(LevelPathHeader, "%PATH(NQ:PATH)%")),
		}}),
		tellLevelPaths(),
		httpFilter(httpRBACFilter, &httprbacv3.RBAC{Matcher: denyAll()}),
		router(),
	}
	return m
}
