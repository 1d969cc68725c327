package envoy

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	preservecasev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/http/header_formatters/preserve_case/v3"
	upstreamhttpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/weft-mesh/weft/translators/model"
)

const (
	// maxStreams is how many requests a client may have under way on one HTTP/2
	// connection. Envoy's default of 1,024 is less than what gRPC servers take.
	maxStreams = 16384
	// usualStreams are as many as nearly all servers take. More of them are led
	// over several connections, before a server has said what it takes.
	usualStreams = 100
	// streamWindow is how much of one stream a sidecar holds for a slow reader,
	// and HTTP/2's own default. connectionWindow is so much more that no number of
	// slow readers keeps a connection from the others on it.
	streamWindow     = 64 << 10
	connectionWindow = 1 << 30
	// ownHeaders bound what a pod's application may answer its own sidecar with:
	// Envoy's most. MeshConfig's limits hold at the sidecar of whoever called.
	ownHeaderCount, ownHeaderKilobytes = 10000, 8192
	// noHost is what a request of HTTP/1.0 that names no host is taken to name.
	noHost = "localhost"
)

// http1Server reads HTTP/1 as it is written: HTTP/1.0 without a host, trailers,
// and offers of other protocols, which a server may ignore (RFC 9110, 7.8). Envoy
// would refuse a request that has one.
func http1Server() *corev3.Http1ProtocolOptions {
	return &corev3.Http1ProtocolOptions{
		AcceptHttp_10: true, DefaultHostForHttp_10: noHost, EnableTrailers: true, HeaderKeyFormat: asWritten(),
		IgnoreHttp_11Upgrade: []*matcherv3.StringMatcher{regexMatcher("[^wW].*")}, // all but WebSocket
	}
}

func http1Client() *corev3.Http1ProtocolOptions {
	return &corev3.Http1ProtocolOptions{EnableTrailers: true, HeaderKeyFormat: asWritten()}
}

// asWritten keeps the case of header names, and the words behind a status, for
// those who look at them.
func asWritten() *corev3.Http1ProtocolOptions_HeaderKeyFormat {
	return &corev3.Http1ProtocolOptions_HeaderKeyFormat{HeaderFormat: &corev3.Http1ProtocolOptions_HeaderKeyFormat_StatefulFormatter{
		StatefulFormatter: &corev3.TypedExtensionConfig{
			Name:        "envoy.http.stateful_header_formatters.preserve_case",
			TypedConfig: packed(&preservecasev3.PreserveCaseFormatterConfig{ForwardReasonPhrase: true}),
		},
	}}
}

// http2Options end a stream that breaks the rules, never the connection that
// others share.
func http2Options(h model.HeaderLimits, streams uint32) *corev3.Http2ProtocolOptions {
	return &corev3.Http2ProtocolOptions{
		AllowConnect: true, OverrideStreamErrorOnInvalidHttpMessage: on(),
		MaxConcurrentStreams: u32(streams), MaxHeaderFieldSizeKb: u32(min(max(h.OrDefault().Kilobytes, minHeaderField), maxHeaderField)),
		InitialStreamWindowSize: u32(streamWindow), InitialConnectionWindowSize: u32(connectionWindow),
	}
}

func http2Server(h model.HeaderLimits) *corev3.Http2ProtocolOptions {
	return http2Options(h, maxStreams)
}

func http2Client(h model.HeaderLimits) *corev3.Http2ProtocolOptions {
	return http2Options(h, usualStreams)
}

// What Envoy takes as the limit of one field of HTTP/2, in kB.
const minHeaderField, maxHeaderField = 64, 256

// http2 speaks HTTP/2 with prior knowledge.
func http2(h model.HeaderLimits) *upstreamhttpv3.HttpProtocolOptions {
	return &upstreamhttpv3.HttpProtocolOptions{
		CommonHttpProtocolOptions: responseLimits(h),
		UpstreamProtocolOptions: &upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig_{
			ExplicitHttpConfig: &upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig{
				ProtocolConfig: &upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{Http2ProtocolOptions: http2Client(h)},
			},
		},
	}
}

// sameHTTP speaks the version of HTTP that the request came in.
func sameHTTP(h model.HeaderLimits) *upstreamhttpv3.HttpProtocolOptions {
	return &upstreamhttpv3.HttpProtocolOptions{
		CommonHttpProtocolOptions: responseLimits(h),
		UpstreamProtocolOptions: &upstreamhttpv3.HttpProtocolOptions_UseDownstreamProtocolConfig{
			UseDownstreamProtocolConfig: &upstreamhttpv3.HttpProtocolOptions_UseDownstreamHttpConfig{
				HttpProtocolOptions: http1Client(), Http2ProtocolOptions: http2Client(h),
			},
		},
	}
}

func responseLimits(h model.HeaderLimits) *corev3.HttpProtocolOptions {
	h = h.OrDefault()
	return &corev3.HttpProtocolOptions{MaxHeadersCount: u32(h.Count), MaxResponseHeadersKb: u32(h.Kilobytes)}
}

func httpOptions(o *upstreamhttpv3.HttpProtocolOptions) map[string]*anypb.Any {
	return map[string]*anypb.Any{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": packed(o)}
}

func regexMatcher(re string) *matcherv3.StringMatcher {
	return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: re}}}
}
