package webhooks

import (
	"net/netip"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// What the cluster's Service addresses are is asked anew for each pod.
func TestPodsAreToldTheServiceAddresses(t *testing.T) {
	var now []netip.Prefix
	s := settings
	s.ServiceCIDRs = func() []netip.Prefix { return now }
	for _, test := range []struct {
		now  []netip.Prefix
		want []string
	}{
		{nil, []string{"init"}},
		{[]netip.Prefix{netip.MustParsePrefix("10.96.0.0/12"), netip.MustParsePrefix("fd00:10::/108")}, []string{"init", "--service-cidrs=10.96.0.0/12,fd00:10::/108"}},
	} {
		now = test.now
		in, err := Inject(&corev1.Pod{}, shop, s)
		if err != nil {
			t.Fatal(err)
		}
		if got := in.Pod.Spec.InitContainers[0].Args; !slices.Equal(got, test.want) {
			t.Errorf("weft %v, want %v", got, test.want)
		}
	}
}
