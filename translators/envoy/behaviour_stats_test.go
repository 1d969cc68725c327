//go:build linux

package envoy_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
)

// Few statistics are kept, and those that an operator looks for are among them.
func TestOperatorsSeeTraffic(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	server.echoes(":8080")
	server.greets(":5432")
	in := serves(model.ProtocolHTTP, model.Policy{Callers: []model.Caller{{Identity: account("front"), Routes: []model.AllowedRoute{{Match: model.HTTPMatch{PathRegex: "/a"}}}}}}, 8080)
	in.Ports = append(in.Ports, model.InboundPort{Port: 5432, Protocol: model.ProtocolTCP, Policy: allow("others")})
	server.sidecar("web", views{inbound: in})
	client.sidecar("front", views{}.calls(web("198.19.0.1", server.meshed(8080))).
		calls(service{port("shop", "db", 5432), model.ProtocolTCP, "198.19.0.2", []model.Identity{account("web")}, []model.Endpoint{server.meshed(5432)}}))
	for range 3 {
		ask(t, client.client, "GET", "http://198.19.0.1/a")
	}
	ask(t, client.client, "GET", "http://198.19.0.1/b")
	client.expectClosed(t, "198.19.0.2:5432")
	for _, c := range []struct {
		of   *pod
		stat string
	}{
		{client, `envoy_weft_client_requests_total\{[^}]*backend="outbound\|shop/web-198-19-0-1\|80"[^}]*code="200"[^}]*\} 3`},
		{client, `envoy_weft_client_requests_total\{[^}]*backend="outbound\|shop/web-198-19-0-1\|80"[^}]*code="403"[^}]*\} 1`},
		{client, `envoy_cluster_upstream_rq_total\{envoy_cluster_name="outbound\|shop/web-198-19-0-1\|80"\} 4`},
		{client, `envoy_control_plane_connected_state\{[^}]*\} 1`},
		{client, `envoy_cluster_upstream_cx_total\{envoy_cluster_name="outbound\|shop/db\|5432"\} [1-9]`},
		{server, `envoy_http_rbac_denied\{[^}]*\} 1`},
		{server, `envoy_http_rbac_allowed\{[^}]*\} 3`},
		{server, `envoy_listener_ssl_fail_verify_san\{[^}]*\} [1-9]`},
		{server, `envoy_cluster_upstream_cx_total\{envoy_cluster_name="inbound\|http"\} [1-9]`},
	} {
		c.of.eventually(c.stat, func() error { // they are merged now and then
			got := ask(t, c.of.client, "GET", fmt.Sprintf("http://[::1]:%d/stats/prometheus", envoy.MetricsPort))
			if !regexp.MustCompile(c.stat).MatchString(got.body) {
				return fmt.Errorf("%s:\n%s", c.of.name, got.body)
			}
			return nil
		})
	}
}

// TestFiguresAreOfWhatIsUsed: a Service that the pod may call and does not has
// no line on its page, so that the page does not grow with the mesh.
func TestFiguresAreOfWhatIsUsed(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	server.echoes(":8080")
	server.sidecar("web", views{inbound: serves(model.ProtocolHTTP, allow("front"), 8080)})
	client.sidecar("front", views{}.calls(web("198.19.0.1", server.meshed(8080))).calls(web("198.19.0.2", server.meshed(8080))).
		calls(service{port("shop", "db", 5432), model.ProtocolTCP, "198.19.0.3", []model.Identity{account("web")}, []model.Endpoint{server.meshed(5432)}}))
	ask(t, client.client, "GET", "http://198.19.0.1/a")
	var page string
	client.eventually("the Service that is used is on the page", func() error {
		page = ask(t, client.client, "GET", fmt.Sprintf("http://[::1]:%d/stats/prometheus", envoy.MetricsPort)).body
		if !strings.Contains(page, "shop/web-198-19-0-1|80") {
			return errors.New("it is not")
		}
		return nil
	})
	for _, unused := range []string{"shop/web-198-19-0-2|80", "shop/db|5432"} {
		if at := strings.Index(page, unused); at >= 0 {
			t.Errorf("%s has figures: %s", unused, page[strings.LastIndex(page[:at], "\n")+1:at+len(unused)])
		}
	}
}
