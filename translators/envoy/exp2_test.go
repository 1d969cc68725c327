//go:build linux

package envoy_test

import (
	"net"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

func TestExpReset(t *testing.T) {
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	server.greets("0.0.0.0:7000")
	server.greets("0.0.0.0:7001")
	l := server.listen("0.0.0.0:7002")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			buf := make([]byte, 1)
			c.Read(buf)
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	}()
	allow := model.Policy{Callers: []model.Caller{{Identity: account("front"), Any: true}}}
	other := model.Policy{Callers: []model.Caller{{Identity: account("other"), Any: true}}}
	server.sidecar("web", views{inbound: model.Inbound{MTLS: model.MTLSStrict, Ports: []model.InboundPort{
		{Port: 7000, Protocol: model.ProtocolTCP},
		{Port: 7001, Protocol: model.ProtocolTCP, Policy: other},
		{Port: 7002, Protocol: model.ProtocolTCP, Policy: allow},
		{Port: 7003, Protocol: model.ProtocolTCP, Policy: allow},
	}}})
	v := views{}
	for i, a := range []string{"198.19.0.0", "198.19.0.1", "198.19.0.2", "198.19.0.3"} {
		v = v.calls(service{port("shop", "s"+a, 7000), model.ProtocolTCP, a, []model.Identity{account("web")}, []model.Endpoint{server.meshed(uint16(7000 + i))}})
	}
	v = v.calls(service{port("shop", "none", 7000), model.ProtocolTCP, "198.19.0.9", nil, nil})
	client.sidecar("front", v)
	for range 2 {
		t.Log("no policy silent", client.talk("198.19.0.0:7000"))
		t.Log("no policy first ", client.talkFirst("198.19.0.0:7000"))
		t.Log("others silent", client.talk("198.19.0.1:7000"))
		t.Log("others first", client.talkFirst("198.19.0.1:7000"))
		t.Log("app resets", client.talkFirst("198.19.0.2:7000"))
		t.Log("nobody listens", client.talkFirst("198.19.0.3:7000"))
		t.Log("nobody listens, silent", client.talk("198.19.0.3:7000"))
		t.Log("no endpoints", client.talkFirst("198.19.0.9:7000"))
		t.Log("no endpoints, silent", client.talk("198.19.0.9:7000"))
	}
}
