package envoy

import (
	"slices"
	"strconv"

	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	accesslogdatav3 "github.com/envoyproxy/go-control-plane/envoy/data/accesslog/v3"
	statsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/stats/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	transformv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/matching/actions/transform_stat/v3"
	statinputsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/matching/common_inputs/stats/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/weft-mesh/weft/translators/model"
)

// metadataKey is where routes say what a series is to name.
const metadataKey = "weft"

func tag(name, format string) *statsv3.Config_Tag {
	return &statsv3.Config_Tag{Name: name, ValueFormat: format}
}

func serverTags(more ...*statsv3.Config_Tag) []*statsv3.Config_Tag {
	return append([]*statsv3.Config_Tag{
		tag(LabelPeer, "%DOWNSTREAM_PEER_DNS_SAN%"), tag(LabelIdentity, "%DOWNSTREAM_PEER_URI_SAN%"), tag(LabelPort, "%DOWNSTREAM_LOCAL_PORT%"),
	}, more...)
}

func clientTags(more ...*statsv3.Config_Tag) []*statsv3.Config_Tag {
	return append([]*statsv3.Config_Tag{
		tag(LabelPort, "%DOWNSTREAM_LOCAL_PORT%"), tag(LabelPeer, "%UPSTREAM_PEER_DNS_SAN%"), tag(LabelIdentity, "%UPSTREAM_PEER_URI_SAN%"),
	}, more...)
}

func clientRequestTags(more ...*statsv3.Config_Tag) []*statsv3.Config_Tag {
	return clientTags(append([]*statsv3.Config_Tag{
		unless(exactly(""), tag(LabelService, "%METADATA(VIRTUAL_HOST:"+metadataKey+":"+LabelService+")%")),
		tag(LabelSplit, "%ROUTE_NAME%"), tag(LabelBackend, "%UPSTREAM_CLUSTER%"),
	}, more...)...)
}

// outcome is how a request ended.
func outcome() []*statsv3.Config_Tag {
	return []*statsv3.Config_Tag{tag(LabelCode, "%RESPONSE_CODE%"), tag(LabelGRPC, "%GRPC_STATUS_NUMBER%"), flags()}
}

func flags() *statsv3.Config_Tag { return tag(LabelFlags, "%RESPONSE_FLAGS%") }

func counter(name, value string, tags []*statsv3.Config_Tag) *statsv3.Config_Counter {
	return &statsv3.Config_Counter{Stat: &statsv3.Config_Stat{Name: name, Tags: tags}, ValueFormat: value}
}

func count(name string, each uint64, tags []*statsv3.Config_Tag) *statsv3.Config_Counter {
	return &statsv3.Config_Counter{Stat: &statsv3.Config_Stat{Name: name, Tags: tags}, ValueFixed: wrap64(each)}
}

// durations are of requests; what became a connection, as a WebSocket does, has
// an end that is no answer's.
func durations(name string, tags []*statsv3.Config_Tag) []*statsv3.Config_Histogram {
	answered := unless(exactly("101"), tag("switched", "%RESPONSE_CODE%"))
	answered.Rules.OnNoMatch = dropTag()
	return []*statsv3.Config_Histogram{{
		Stat: &statsv3.Config_Stat{Name: name, Tags: append(tags, answered)}, Unit: statsv3.Config_Histogram_Milliseconds, ValueFormat: "%DURATION%",
	}}
}

// figures is a logger that counts. All share one scope, which outlives the
// listener that they belong to, so that a changed listener goes on counting.
func figures(filter *accesslogv3.AccessLogFilter, counters []*statsv3.Config_Counter, histograms ...*statsv3.Config_Histogram) *accesslogv3.AccessLog {
	return &accesslogv3.AccessLog{
		Name: "envoy.access_loggers.stats", Filter: filter,
		ConfigType: &accesslogv3.AccessLog_TypedConfig{TypedConfig: packed(&statsv3.Config{
			StatsScope: &typev3.Scope{
				Prefix: statsScope, SharingName: statsScope, EnableEviction: true,
				MaxCounters: u32(MaxCounters), MaxHistograms: u32(MaxHistograms),
			},
			Counters: counters, Histograms: histograms,
		})},
	}
}

// serverFigures count requests that came in; what the policy denied apart.
func serverFigures() []*accesslogv3.AccessLog {
	rule := tag(LabelRule, effectivePolicy)
	return []*accesslogv3.AccessLog{
		figures(judged("allowed", true),
			[]*statsv3.Config_Counter{count(serverRequests, 1, serverTags(append(outcome(), rule)...))}, durations(serverDuration, serverTags())...),
		deniedFigures(judged("denied", false), effectivePolicy),
	}
}

// effectivePolicy is the name of the RBAC action that decided.
const effectivePolicy = "%DYNAMIC_METADATA(" + httpRBACFilter + ":enforced_effective_policy_id)%"

func deniedFigures(filter *accesslogv3.AccessLogFilter, missing string) *accesslogv3.AccessLog {
	return figures(filter, []*statsv3.Config_Counter{
		count(serverDenied, 1, serverTags(tag(LabelProtocol, ProtocolHTTP), tag(LabelMissing, missing))),
	})
}

// judged takes requests that RBAC judged so, and perhaps those that it did not
// get to judge. Envoy 1.40 does not heed MetadataMatcher.invert here.
func judged(result string, orNot bool) *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_MetadataFilter{MetadataFilter: &accesslogv3.MetadataFilter{
		Matcher: &matcherv3.MetadataMatcher{
			Filter: httpRBACFilter,
			Path:   []*matcherv3.MetadataMatcher_PathSegment{{Segment: &matcherv3.MetadataMatcher_PathSegment_Key{Key: "enforced_engine_result"}}},
			Value: &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_StringMatch{
				StringMatch: &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: result}},
			}},
		},
		MatchIfKeyNotFound: wrapperspb.Bool(orNot),
	}}}
}

// clientFigures count requests that went out; what was refused here apart, by
// the address alone, for an address without routes has no name.
func clientFigures() []*accesslogv3.AccessLog {
	return []*accesslogv3.AccessLog{
		figures(nil, []*statsv3.Config_Counter{count(clientRequests, 1, clientRequestTags(outcome()...))}, durations(clientDuration, clientRequestTags())...),
		figures(unrouted(), []*statsv3.Config_Counter{
			count(clientDenied, 1, []*statsv3.Config_Tag{tag(LabelAddress, "%DOWNSTREAM_LOCAL_ADDRESS%")}),
		}),
	}
}

// serviceMetadata tells clientFigures whose routes these are.
func serviceMetadata(service string) *corev3.Metadata {
	return &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{
		metadataKey: {Fields: map[string]*structpb.Value{LabelService: structpb.NewStringValue(service)}},
	}}
}

// serverTCPFigures count connections that come in: when they end, and as long as
// they are open. Whose a connection is becomes known with the end of its
// handshake, so its beginning can't be counted.
func serverTCPFigures() []*accesslogv3.AccessLog {
	// What ended in the handshake was no connection, and what its certificate
	// says is not proven.
	whole := serverTags(handshake(containing("SSL_routines"), dropSeries(), dropTag()))
	refused := serverTags(tag(LabelProtocol, ProtocolTCP), tag(LabelMissing, MissingTarget), handshake(containing("SAN_match"), dropTag(), dropSeries()))
	return []*accesslogv3.AccessLog{
		figures(ofType(accesslogdatav3.AccessLogType_TcpConnectionEnd), append(ended(serverSide, whole), count(serverDenied, 1, refused))),
		whileOpen(serverSide, whole),
	}
}

// handshake is a tag that is never shown: it decides by what the handshake ended
// with.
func handshake(value *xdsmatcherv3.StringMatcher, on, otherwise *xdsmatcherv3.Matcher_OnMatch) *statsv3.Config_Tag {
	t := tag("handshake", "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%")
	t.Rules = firstOf(value, on)
	t.Rules.OnNoMatch = otherwise
	return t
}

// withShare tells clientTCPFigures which backend of which split an endpoint is of.
func withShare(m *corev3.Metadata, split, backend model.Key) *corev3.Metadata {
	if m == nil {
		m = &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{}}
	}
	m.FilterMetadata[metadataKey] = &structpb.Struct{Fields: map[string]*structpb.Value{
		LabelSplit: structpb.NewStringValue(split.String()), LabelShare: structpb.NewStringValue(backend.String()),
	}}
	return m
}

// clientTCPFigures count, for the whole listener, connections that were led to
// the mesh and ended. Those of requests have no cluster of their own.
func clientTCPFigures() []*accesslogv3.AccessLog {
	backend := unless(regexValue("|"+PassthroughCluster+"|"+closedChainName), tag(LabelBackend, "%UPSTREAM_CLUSTER%"))
	return []*accesslogv3.AccessLog{figures(nil, ended(clientSide, clientTags(append(ofHost(LabelShare, LabelSplit), backend)...)))}
}

// ofHost are labels that withShare gave an endpoint.
func ofHost(labels ...string) (tags []*statsv3.Config_Tag) {
	for _, label := range labels {
		tags = append(tags, tag(label, "%METADATA(UPSTREAM_HOST:"+metadataKey+":"+label+")%"))
	}
	return tags
}

// clientOpenFigures count how long connections to a backend are open.
func clientOpenFigures() []*accesslogv3.AccessLog {
	return []*accesslogv3.AccessLog{whileOpen(clientSide, clientTags(tag(LabelBackend, "%UPSTREAM_CLUSTER%")))}
}

// serverUDPFigures count the streams that carry sessions of UDP, when they end.
// Their bytes are those of the streams, a few more than the datagrams' own.
func serverUDPFigures() []*accesslogv3.AccessLog {
	udp := tag(LabelProtocol, ProtocolUDP)
	return []*accesslogv3.AccessLog{
		figures(judged("allowed", false), ended(serverSide, serverTags(udp))),
		figures(judged("denied", false), []*statsv3.Config_Counter{
			count(serverDenied, 1, serverTags(udp, tag(LabelMissing, effectivePolicy))),
		}),
	}
}

// clientUDPFigures count sessions to one port of a Service when they end. Who
// answered is not known to Envoy there.
func clientUDPFigures(to model.ServicePort) []*accesslogv3.AccessLog {
	tags := append(ofHost(LabelShare, LabelSplit),
		tag(LabelBackend, ClusterName(to)), tag(LabelPort, strconv.Itoa(int(to.Port))), tag(LabelProtocol, ProtocolUDP))
	const session = "%DYNAMIC_METADATA(udp.proxy.session:"
	return []*accesslogv3.AccessLog{figures(nil, []*statsv3.Config_Counter{
		count(clientSide+connections, 1, tags),
		counter(clientSide+bytesIn, session+"bytes_received)%", tags), counter(clientSide+bytesOut, session+"bytes_sent)%", tags),
	})}
}

func ended(side string, tags []*statsv3.Config_Tag) []*statsv3.Config_Counter {
	return []*statsv3.Config_Counter{
		count(side+connections, 1, append(slices.Clone(tags), flags())),
		counter(side+bytesIn, "%BYTES_RECEIVED%", tags), counter(side+bytesOut, "%BYTES_SENT%", tags),
	}
}

func whileOpen(side string, tags []*statsv3.Config_Tag) *accesslogv3.AccessLog {
	return figures(ofType(accesslogdatav3.AccessLogType_TcpPeriodic), []*statsv3.Config_Counter{count(side+openSeconds, OpenSeconds, tags)})
}

func tcpFigureOptions() *tcpproxyv3.TcpProxy_TcpAccessLogOptions {
	return &tcpproxyv3.TcpProxy_TcpAccessLogOptions{AccessLogFlushInterval: seconds(OpenSeconds)}
}

func ofType(t accesslogdatav3.AccessLogType) *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_LogTypeFilter{
		LogTypeFilter: &accesslogv3.LogTypeFilter{Types: []accesslogdatav3.AccessLogType{t}},
	}}
}

// unless drops the whole series where the tag has such a value.
func unless(value *xdsmatcherv3.StringMatcher, t *statsv3.Config_Tag) *statsv3.Config_Tag {
	t.Rules = firstOf(value, dropSeries())
	return t
}

func dropSeries() *xdsmatcherv3.Matcher_OnMatch {
	return action(&transformv3.TransformStat{DropStat: &transformv3.TransformStat_DropStat{}})
}

func dropTag() *xdsmatcherv3.Matcher_OnMatch {
	return action(&transformv3.TransformStat{DropTag: &transformv3.TransformStat_DropTag{}})
}

func firstOf(value *xdsmatcherv3.StringMatcher, on *xdsmatcherv3.Matcher_OnMatch) *xdsmatcherv3.Matcher {
	return &xdsmatcherv3.Matcher{MatcherType: &xdsmatcherv3.Matcher_MatcherList_{MatcherList: &xdsmatcherv3.Matcher_MatcherList{
		Matchers: []*xdsmatcherv3.Matcher_MatcherList_FieldMatcher{{
			Predicate: &predicate{MatchType: &xdsmatcherv3.Matcher_MatcherList_Predicate_SinglePredicate_{
				SinglePredicate: &xdsmatcherv3.Matcher_MatcherList_Predicate_SinglePredicate{
					Input:   extension("tag", &statinputsv3.StatTagValueInput{}),
					Matcher: &xdsmatcherv3.Matcher_MatcherList_Predicate_SinglePredicate_ValueMatch{ValueMatch: value},
				},
			}},
			OnMatch: on,
		}},
	}}}
}

func exactly(s string) *xdsmatcherv3.StringMatcher {
	return &xdsmatcherv3.StringMatcher{MatchPattern: &xdsmatcherv3.StringMatcher_Exact{Exact: s}}
}

func containing(s string) *xdsmatcherv3.StringMatcher {
	return &xdsmatcherv3.StringMatcher{MatchPattern: &xdsmatcherv3.StringMatcher_Contains{Contains: s}}
}
