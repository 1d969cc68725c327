//go:build linux

package envoy_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
)

const (
	frontPeer = `peer="client.deployments.shop.workload.weft.mesh",identity="spiffe://weft.test/ns/shop/sa/front"`
	webPeer   = `peer="server.deployments.shop.workload.weft.mesh",identity="spiffe://weft.test/ns/shop/sa/web"`
)

// figures are the lines of weft's own series.
func (p *pod) figures(t *testing.T) string {
	t.Helper()
	var lines []string
	got := ask(t, p.client, "GET", fmt.Sprintf("http://[::1]:%d%s", envoy.MetricsPort, envoy.StatsPath))
	for line := range strings.Lines(got.body) {
		if strings.HasPrefix(line, envoy.FamilyPrefix) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// counts waits until each line is there.
func (p *pod) counts(t *testing.T, lines ...string) {
	t.Helper()
	for _, line := range lines {
		p.eventually(line, func() error {
			if got := p.figures(t); !strings.Contains("\n"+got, "\n"+line+"\n") {
				return fmt.Errorf("%s counts\n%s", p.name, got)
			}
			return nil
		})
	}
}

// countsSome waits for series that begin so.
func (p *pod) countsSome(t *testing.T, prefixes ...string) {
	t.Helper()
	for _, prefix := range prefixes {
		p.eventually(prefix, func() error {
			if got := p.figures(t); !strings.Contains("\n"+got, "\n"+prefix) {
				return fmt.Errorf("%s counts\n%s", p.name, got)
			}
			return nil
		})
	}
}

// Each side counts requests by who the other is, and what let them through.
func TestRequestsAreCounted(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client, outsider := m.pod("server"), m.pod("client"), m.pod("outsider")
	server.echoes(":8080")
	in := serves(model.ProtocolHTTP, model.Policy{Callers: []model.Caller{{Identity: account("front"), Routes: []model.AllowedRoute{
		{Name: "shop/web/reads", Match: model.HTTPMatch{PathRegex: "/a"}},
		{Name: "shop/web/codes", Match: model.HTTPMatch{PathRegex: "/status/.*"}},
	}}}}, 8080)
	server.sidecar("web", views{inbound: in})
	v1 := service{port("shop", "v1", 80), model.ProtocolHTTP, "198.19.0.2", []model.Identity{account("web")}, []model.Endpoint{server.meshed(8080)}}
	none := service{port("shop", "none", 80), model.ProtocolHTTP, "198.19.0.3", []model.Identity{account("web")}, nil}
	v := views{}.calls(web("198.19.0.1", server.meshed(8080))).calls(v1).calls(none)
	v.outbound[0].Routes[0] = model.OutboundRoute{Name: "shop/canary", Backends: []model.WeightedCluster{{Cluster: v1.name, Weight: 1}, {Cluster: none.name}}}
	v.listener.Exceptions = append(v.listener.Exceptions, model.AddressRule{Addr: netip.MustParseAddrPort("198.19.0.9:80"), Protocol: model.ProtocolHTTP}) // that it may not call
	client.sidecar("front", v)

	for _, url := range []string{
		"http://198.19.0.1/a", "http://198.19.0.1/a", "http://198.19.0.1/b", "http://198.19.0.3/a", "http://198.19.0.9/a",
	} {
		ask(t, client.client, "GET", url)
	}
	ask(t, outsider.client, "GET", fmt.Sprintf("http://%s:8080/a", server.addr4))
	stranger := m.pod("stranger")
	stranger.sidecar("stranger", views{}.calls(web("198.19.0.1", server.meshed(8080))))
	ask(t, stranger.client, "GET", "http://198.19.0.1/a")

	server.counts(t,
		`envoy_weft_server_requests_total{`+frontPeer+`,port="8080",code="200",grpc="",flags="-",rule="shop/web/reads"} 2`,
		`envoy_weft_server_request_duration_ms_count{`+frontPeer+`,port="8080"} 2`,
		`envoy_weft_server_denied_total{`+frontPeer+`,port="8080",protocol="http",missing="route"} 1`,
		`envoy_weft_server_denied_total{peer="stranger.deployments.shop.workload.weft.mesh",identity="spiffe://weft.test/ns/shop/sa/stranger",port="8080",protocol="http",missing="target"} 1`,
		`envoy_weft_server_denied_total{peer="",identity="",port="8080",protocol="http",missing="certificate"} 1`,
	)
	if got := server.figures(t); strings.Contains(got, `code="403"`) {
		t.Errorf("a denied request is counted as one that was let in:\n%s", got)
	}
	canary := `{port="80",` + webPeer + `,service="shop/web-198-19-0-1",split="shop/canary",backend="outbound|shop/v1|80"`
	client.counts(t,
		`envoy_weft_client_requests_total`+canary+`,code="200",grpc="",flags="-"} 2`,
		`envoy_weft_client_requests_total`+canary+`,code="403",grpc="",flags="-"} 1`,
		`envoy_weft_client_request_duration_ms_count`+canary+`} 3`,
		`envoy_weft_client_requests_total{port="80",peer="",identity="",service="shop/none",split="",backend="outbound|shop/none|80",code="503",grpc="",flags="UH"} 1`,
		`envoy_weft_client_denied_total{address="198.19.0.9:80"} 1`,
	)
	if got := client.figures(t); strings.Contains(got, `service=""`) {
		t.Errorf("a request without routes is counted twice:\n%s", got)
	}

	// A listener that changes goes on counting.
	in.Ports = append(in.Ports, model.InboundPort{Port: 9090, Protocol: model.ProtocolHTTP})
	server.publishAndWait(views{inbound: in})
	ask(t, client.client, "GET", "http://198.19.0.1/a")
	server.counts(t, `envoy_weft_server_requests_total{`+frontPeer+`,port="8080",code="200",grpc="",flags="-",rule="shop/web/reads"} 3`)
}

// Connections are counted when they end, and while they are open. What a
// certificate says that nobody signed makes no series.
func TestConnectionsAreCounted(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client, outsider := m.pod("server"), m.pod("client"), m.pod("outsider")
	server.greets(":5432")
	server.greets(":5433")
	in := serves(model.ProtocolTCP, allow("front"), 5432)
	in.Ports = append(in.Ports, model.InboundPort{Port: 5433, Protocol: model.ProtocolTCP, Policy: allow("others")})
	server.sidecar("web", views{inbound: in})
	m.direct(model.DirectCluster{Addr: server.meshed(5432).Addr, TrustDomain: trustDomain, Identities: []model.Identity{account("web")}})
	v := views{}
	for i, number := range []uint16{5432, 5433} {
		v = v.calls(service{port("shop", "db", number), model.ProtocolTCP, fmt.Sprintf("198.19.0.%d", i+1), []model.Identity{account("web")}, []model.Endpoint{server.meshed(number)}})
	}
	v.listener.Pods = []netip.Prefix{netip.PrefixFrom(server.addr4, 32)}
	client.sidecar("front", v)

	says := func(address string) {
		c, err := client.dial(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		talk(t, c)
	}
	open, err := client.dial(t.Context(), "198.19.0.1:5432")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	talk(t, open)
	says("198.19.0.1:5432")
	says(server.meshed(5432).Addr.String())
	client.expectClosed(t, "198.19.0.2:5433")
	outsider.forges(t, server.meshed(5432).Addr.String())

	server.counts(t,
		`envoy_weft_server_connections_total{`+frontPeer+`,port="5432",flags="-"} 2`,
		`envoy_weft_server_bytes_in_total{`+frontPeer+`,port="5432"} 12`,
		`envoy_weft_server_bytes_out_total{`+frontPeer+`,port="5432"} 48`,
	)
	client.counts(t,
		`envoy_weft_client_connections_total{port="5432",`+webPeer+`,share="",split="",backend="outbound|shop/db|5432",flags="-"} 1`,
		`envoy_weft_client_connections_total{port="5432",`+webPeer+`,share="",split="",backend="direct",flags="-"} 1`,
		`envoy_weft_client_bytes_out_total{port="5432",`+webPeer+`,share="",split="",backend="outbound|shop/db|5432"} 24`,
		`envoy_weft_client_open_seconds_total{port="5432",`+webPeer+`,backend="outbound|shop/db|5432"} 10`,
	)
	server.counts(t, `envoy_weft_server_open_seconds_total{`+frontPeer+`,port="5432"} 10`)
	got := server.figures(t)
	if !strings.Contains(got, `envoy_weft_server_denied_total{`+frontPeer+`,port="5433",protocol="tcp",missing="target"}`) {
		t.Errorf("nobody was denied:\n%s", got)
	}
	for _, wrong := range []string{"forged", `server_connections_total{` + frontPeer + `,port="5433"`, "handshake"} {
		if strings.Contains(got, wrong) {
			t.Errorf("%q is counted:\n%s", wrong, got)
		}
	}
}

// forges dials with a certificate that nobody signed, and waits until it is
// refused.
func (p *pod) forges(t *testing.T, address string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"forged.deployments.shop.workload.weft.mesh"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	shaken := tls.Client(c, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"weft"}, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	if err := shaken.Handshake(); err != nil {
		return
	}
	if n, err := shaken.Read(make([]byte, 1)); err == nil {
		t.Errorf("a forged certificate reads %d bytes", n)
	}
}

// talk hears the greeting and what it says itself: 6 bytes there, 24 back.
func talk(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := c.Write([]byte("hello\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, len("hello from server\nhello\n"))); err != nil {
		t.Fatal(err)
	}
}
