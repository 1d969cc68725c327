//go:build linux

package envoy_test

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

// manyRules are of every kind, and so many that they are looked up; some allow
// less than others that begin alike.
func manyRules() (rs []model.AllowedRoute) {
	add := func(path string, methods ...string) {
		rs = append(rs, model.AllowedRoute{Name: fmt.Sprintf("shop/group/%d", len(rs)), Match: model.HTTPMatch{PathRegex: path, Methods: methods}})
	}
	for i := range 40 {
		add(fmt.Sprintf("^/exact/%d$", i))
		add(fmt.Sprintf("/prefix/%d/", i))
		add(fmt.Sprintf("/head/%d/[0-9]+$", i))
		add(fmt.Sprintf("/[a-z]+/none-%d$", i))
	}
	add("/prefix/7/deep/", "PUT")
	add("/prefix", "POST")
	add("^/exact/7$", "DELETE")
	add("/exact/[0-9]$", "PATCH")
	add("", "OPTIONS")
	return rs
}

// TestManyRulesAllowWhatEachAllows: however rules are found, a request is let in
// by any of them, and by nothing else.
func TestManyRulesAllowWhatEachAllows(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	server.echoes(":8080")
	rules := manyRules()
	server.sidecar("web", views{inbound: serves(model.ProtocolHTTP, model.Policy{Callers: []model.Caller{{Identity: account("front"), Routes: rules}}}, 8080)})
	client.sidecar("front", views{}.calls(web("198.19.0.1", server.meshed(8080))))
	allowed := 0
	for _, path := range []string{
		"/exact/7", "/exact/39", "/exact/40", "/exact/7/", "/prefix/7/", "/prefix/7", "/prefix/7/deep/x", "/prefix/99/", "/prefix",
		"/head/7/12", "/head/7/", "/head/7/x", "/head/12/1x", "/any/none-7", "/any/none-39", "/any/none-40", "/7/none-1", "/", "/exact/",
	} {
		for _, method := range []string{"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"} {
			want := 403
			if slices.ContainsFunc(rules, func(r model.AllowedRoute) bool {
				return regexp.MustCompile("^(?:"+r.Match.PathRegex+")").MatchString(path) && (len(r.Match.Methods) == 0 || slices.Contains(r.Match.Methods, method))
			}) {
				want, allowed = 200, allowed+1
			}
			if got := ask(t, client.client, method, "http://198.19.0.1"+path); got.status != want {
				t.Errorf("%s %s: %d, want %d", method, path, got.status, want)
			}
		}
	}
	if allowed < 20 {
		t.Errorf("%d requests are allowed: that shows nothing", allowed)
	}
}
