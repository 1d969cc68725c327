package envoy

import (
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

// explainPath makes a denial say that the path may be the reason. The path itself
// is asked: what RBAC found is not known to a local reply.
func explainPath() *hcmv3.ResponseMapper {
	twoWays := headerMatcher(PathHeader, ambiguous)
	steep := &routev3.HeaderMatcher{Name: LevelPathHeader, HeaderMatchSpecifier: &routev3.HeaderMatcher_PresentMatch{PresentMatch: false}}
	filter := &accesslogv3.AccessLogFilter_AndFilter{AndFilter: &accesslogv3.AndFilter{Filters: []*accesslogv3.AccessLogFilter{
		ofStatus(403),
		{FilterSpecifier: &accesslogv3.AccessLogFilter_OrFilter{OrFilter: &accesslogv3.OrFilter{
			Filters: []*accesslogv3.AccessLogFilter{withHeader(steep), withHeader(twoWays)},
		}}},
	}}}
	return &hcmv3.ResponseMapper{
		Filter: &accesslogv3.AccessLogFilter{FilterSpecifier: filter},
		BodyFormatOverride: text("weft: the path can be read in more than one way, and no TrafficTarget lets %DOWNSTREAM_PEER_URI_SAN% ask in all of them for " +
			"%REQ(:METHOD)% %PATH(NQ:PATH)%"),
	}
}

func withHeader(m *routev3.HeaderMatcher) *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_HeaderFilter{HeaderFilter: &accesslogv3.HeaderFilter{Header: m}}}
}
