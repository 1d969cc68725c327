package figures

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
)

// sidecar is what an Envoy of ours would say.
type sidecar struct {
	uptime int
	// series are by their text up to the value, in the order that they came.
	order  []string
	counts map[string]int
	hists  map[string]*[buckets]int
}

func newSidecar() *sidecar {
	return &sidecar{counts: map[string]int{}, hists: map[string]*[buckets]int{}}
}

// restart forgets all that was counted.
func (s *sidecar) restart() { *s = *newSidecar() }

func (s *sidecar) count(family string, n int, labels ...string) {
	text := family + "{" + pairs(labels) + "}"
	if _, ok := s.counts[text]; !ok {
		s.order = append(s.order, text)
	}
	s.counts[text] += n
}

func (s *sidecar) observe(family string, ms float64, labels ...string) {
	text := family + bucketSuffix + "{" + pairs(labels)
	h, ok := s.hists[text]
	if !ok {
		h = new([buckets]int)
		s.hists[text] = h
		s.order = append(s.order, text)
	}
	h[bucketWith(ms)]++
}

func pairs(labels []string) string {
	var parts []string
	for i := 0; i < len(labels); i += 2 {
		parts = append(parts, fmt.Sprintf("%s=%q", labels[i], labels[i+1]))
	}
	return strings.Join(parts, ",")
}

// requests counts answers of a server to front, that took ms each.
func (s *sidecar) requests(n int, code string, ms float64) {
	who := []string{envoy.LabelPeer, dns("front"), envoy.LabelIdentity, "spiffe://cluster.local/ns/shop/sa/front", envoy.LabelPort, "8080"}
	s.count(envoy.FamilyServerRequests, n, append(who, envoy.LabelCode, code, envoy.LabelGRPC, "", envoy.LabelFlags, "-")...)
	for range n {
		s.observe(envoy.FamilyServerDuration, ms, who...)
	}
}

func dns(name string) string {
	return model.Workload{Kind: "deployments", Name: name}.DNSName("shop")
}

func (s *sidecar) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# TYPE x counter\nenvoy_server_uptime{} %d\nenvoy_cluster_upstream_rq{a=\"b\"} 12\n", s.uptime)
	for _, text := range s.order {
		h, ok := s.hists[text]
		if !ok {
			fmt.Fprintf(&b, "%s %d\n", text, s.counts[text])
			continue
		}
		sum := 0
		for i, n := range h {
			sum += n
			bound := "+Inf"
			if i < len(bounds) {
				bound = strconv.FormatFloat(bounds[i], 'f', -1, 64)
			}
			fmt.Fprintf(&b, "%s,le=%q} %d\n", text, bound, sum)
		}
		fmt.Fprintf(&b, "%s} %d\n", strings.Replace(text, bucketSuffix, "_count", 1), sum)
		fmt.Fprintf(&b, "%s} 11.24012158054711285615212545963\n", strings.Replace(text, bucketSuffix, "_sum", 1))
	}
	return b.String()
}
