package simulate

import (
	"fmt"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	matchingv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/common/matching/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	networkrbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	setfilterstatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/set_filter_state/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
)

// filters are the network filters of a chain that decide about a call.
type filters struct {
	hcm         *hcmv3.HttpConnectionManager
	tcp         *tcpproxyv3.TcpProxy
	rbac        *networkrbacv3.RBAC
	filterState *setfilterstatev3.Config
}

func filtersOf(chain *listenerv3.FilterChain) (filters, error) {
	var f filters
	for _, nf := range chain.GetFilters() {
		m, err := nf.GetTypedConfig().UnmarshalNew()
		if err != nil {
			return f, fmt.Errorf("chain %s, filter %s: %w", chain.GetName(), nf.GetName(), err)
		}
		switch m := m.(type) {
		case *hcmv3.HttpConnectionManager:
			f.hcm = m
		case *tcpproxyv3.TcpProxy:
			f.tcp = m
		case *networkrbacv3.RBAC:
			f.rbac = m
		case *setfilterstatev3.Config:
			f.filterState = m
		}
	}
	return f, nil
}

// keepsLevelPath tells whether the filter that removes LevelPathHeader is skipped
// for a request.
func keepsLevelPath(m *hcmv3.HttpConnectionManager, c Call) (bool, error) {
	for _, f := range m.GetHttpFilters() {
		conditional := &matchingv3.ExtensionWithMatcher{}
		if !f.GetTypedConfig().MessageIs(conditional) {
			continue
		}
		if err := f.GetTypedConfig().UnmarshalTo(conditional); err != nil {
			return false, fmt.Errorf("filter %s: %w", f.GetName(), err)
		}
		skip, err := match(conditional.GetXdsMatcher(), rbacInputs(c))
		return skip != nil, err
	}
	return false, nil
}
