package model

import "testing"

func TestWorkloadDNSName(t *testing.T) {
	for _, c := range []struct {
		namespace string
		w         Workload
		want      string
	}{
		{"shop", Workload{"deployments", "web"}, "web.deployments.shop.workload.weft.mesh"},
		{"shop", Workload{"deployments", "front-end.v1"}, "front-end.v1.deployments.shop.workload.weft.mesh"},
		{"shop", Workload{}, ""},
		{"", Workload{"deployments", "web"}, ""},
	} {
		got := c.w.DNSName(c.namespace)
		if got != c.want {
			t.Errorf("%v in %q: %q", c.w, c.namespace, got)
		}
		if ns, w, ok := ParseWorkloadDNSName(got); ok != (c.want != "") || ok && (ns != c.namespace || w != c.w) {
			t.Errorf("%q is read as %q %v %v", got, ns, w, ok)
		}
	}
}

func TestParseWorkloadDNSNameRefuses(t *testing.T) {
	for _, s := range []string{
		"", "-", "workload.weft.mesh", ".workload.weft.mesh", "shop.workload.weft.mesh", "deployments.shop.workload.weft.mesh",
		".deployments.shop.workload.weft.mesh", "web..shop.workload.weft.mesh", "web.deployments..workload.weft.mesh", "web.deployments.shop.svc",
		"replica.controller.weft.mesh",
	} {
		if ns, w, ok := ParseWorkloadDNSName(s); ok {
			t.Errorf("%q is read as %q %v", s, ns, w)
		}
	}
}
