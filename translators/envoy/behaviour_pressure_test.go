//go:build linux

package envoy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weft-mesh/weft/translators/model"
)

// pours answers with bytes without end, over HTTP/1.1 and HTTP/2, and counts
// them.
func (p *pod) pours(address string) *atomic.Int64 {
	written := &atomic.Int64{}
	l := p.listen(address)
	both := &http.Protocols{}
	both.SetHTTP1(true)
	both.SetUnencryptedHTTP2(true)
	s := &http.Server{Protocols: both, ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for {
			n, err := w.Write(make([]byte, 16<<10))
			if written.Add(int64(n)); err != nil {
				return
			}
		}
	})}
	go s.Serve(l)
	p.t.Cleanup(func() { s.Close() })
	return written
}

// still waits until a number stays what it is.
func still(p *pod, what string, n *atomic.Int64) {
	p.eventually(what, func() error {
		was := n.Load()
		for range 20 {
			if p.client.CloseIdleConnections(); n.Load() != was {
				return fmt.Errorf("%d, then %d", was, n.Load())
			}
			<-time.After(10 * time.Millisecond)
		}
		return nil
	})
}

// heldStream is what one slow reader may cost each of the two sidecars, in bytes:
// HTTP's windows and buffers, TLS, and what Envoy keeps for a stream.
const heldStream = 256 << 10

// heap is what the sidecar's heap holds, in bytes.
func (p *pod) heap(t *testing.T) int {
	t.Helper()
	r, err := p.client.Get("http://127.0.0.1:15000/memory")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var m struct {
		Allocated int `json:"allocated,string"`
	}
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m.Allocated
}

func (p *pod) holdsAtMost(t *testing.T, before, readers int) {
	t.Helper()
	held := p.heap(t) - before
	t.Logf("the sidecar of %s holds %d kB for each", p.name, held/readers>>10)
	if held > readers*heldStream {
		t.Errorf("the sidecar of %s holds %d kB for %d slow readers, want at most %d for each", p.name, held>>10, readers, heldStream>>10)
	}
}

// Slow readers cost a bounded piece of memory each, whatever there is to read, and
// those beside them nothing but that.
func TestSlowReadersAreHeldBack(t *testing.T) {
	t.Parallel()
	const readers = 60
	for _, c := range []struct {
		name     string
		protocol model.Protocol
		oneConn  bool
	}{
		{"HTTP/1.1", model.ProtocolHTTP, false},
		{"HTTP/2, one connection", model.ProtocolHTTP2, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMesh(t)
			server, client := m.pod("server"), m.pod("client")
			poured := server.pours(":8080")
			server.echoes(":9090")
			in := serves(c.protocol, allow("front"), 8080)
			in.Ports = append(in.Ports, model.InboundPort{Port: 9090, Protocol: model.ProtocolHTTP, Policy: allow("front")})
			server.sidecar("web", views{inbound: in})
			much := service{port("shop", "much", 80), c.protocol, "198.19.0.1", []model.Identity{account("web")}, []model.Endpoint{server.meshed(8080)}}
			client.sidecar("front", views{}.calls(much).calls(web("198.19.0.2", server.meshed(9090))))
			before := map[*pod]int{server: server.heap(t), client: client.heap(t)}

			asker := client.newClient()
			if c.oneConn {
				asker = client.newClient2()
			}
			for range readers {
				r, err := asker.Get("http://198.19.0.1/")
				if err != nil {
					t.Fatal(err)
				}
				if r.StatusCode != http.StatusOK {
					t.Fatal(r.Status)
				}
				defer r.Body.Close()
			}
			still(client, "nobody reads", poured)
			for p, was := range before {
				p.holdsAtMost(t, was, readers)
			}
			if got := ask(t, client.client, "GET", "http://198.19.0.2/"); got.status != http.StatusOK {
				t.Errorf("beside them: %+v", got)
			}
		})
	}
}

// So it is with connections of TCP.
func TestSlowTCPReadersAreHeldBack(t *testing.T) {
	t.Parallel()
	const readers = 60
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	poured := &atomic.Int64{}
	server.serveEach(":9000", func(c net.Conn) {
		for {
			n, err := c.Write(make([]byte, 16<<10))
			if poured.Add(int64(n)); err != nil {
				return
			}
		}
	})
	server.sidecar("db", views{inbound: serves(model.ProtocolTCP, allow("front"), 9000)})
	db := service{port("shop", "db", 9000), model.ProtocolTCP, "198.19.0.1", []model.Identity{account("db")}, []model.Endpoint{server.meshed(9000)}}
	client.sidecar("front", views{}.calls(db))
	before := map[*pod]int{server: server.heap(t), client: client.heap(t)}
	for range readers {
		c, err := client.dial(context.Background(), "198.19.0.1:9000")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.(*net.TCPConn).SetReadBuffer(16 << 10)
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	still(client, "nobody reads", poured)
	for p, was := range before {
		p.holdsAtMost(t, was, readers)
	}
}
