package webhooks

import (
	"context"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
)

// What the cluster's Service addresses are is asked anew for each pod.
func TestPodsAreToldTheServiceAddresses(t *testing.T) {
	handler, _ := podHandler()
	var now []netip.Prefix
	handler.Settings.ServiceCIDRs = func(context.Context) []netip.Prefix { return now }
	args := func() string {
		response := handler.Handle(context.Background(), podRequest(plainPod, false))
		patch, err := json.Marshal(response.Patches)
		if err != nil || !response.Allowed {
			t.Fatalf("%v: %v", response.Result, err)
		}
		return string(patch)
	}
	if got := args(); strings.Contains(got, "service-cidrs") {
		t.Errorf("nothing is known, but the pod is told %s", got)
	}
	now = []netip.Prefix{netip.MustParsePrefix("10.96.0.0/12"), netip.MustParsePrefix("fd00:10::/108")}
	if got := args(); !strings.Contains(got, `["init","--service-cidrs=10.96.0.0/12,fd00:10::/108"]`) {
		t.Errorf("the pod is told %s", got)
	}
}
