//go:build linux

package envoy_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/weft-mesh/weft/translators/model"
)

// fields are headers as HTTP/2 sends them, right or wrong.
type fields []hpack.HeaderField

func (f fields) encode() []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for _, field := range f {
		e.WriteField(field)
	}
	return b.Bytes()
}

// odd changes one thing about headers, as a broken or hostile program would.
func odd(r *rand.Rand, f fields) fields {
	f = append(fields{}, f...)
	values := []string{"", " ", "a b", "u@app", "a\x7fb", "\x80\xff", "1000", "-1", "gzip", "chunked", "close", "h2c", "a,b", strings.Repeat("l", 9000), "99999999999999999999"}
	names := []string{":path", ":authority", ":method", ":scheme", ":status", ":odd", "te", "connection", "transfer-encoding", "content-length", "upgrade", "host", "X-Upper", "a b", "", "trailer", "expect", "x-weft-dst", "x-envoy-retry-on"}
	value, name := values[r.IntN(len(values))], names[r.IntN(len(names))]
	switch at := r.IntN(len(f)); r.IntN(4) {
	case 0:
		f[at].Value = value
	case 1:
		f = append(f, hpack.HeaderField{Name: name, Value: value})
	case 2:
		f = append(f[:at], f[at+1:]...)
	default:
		f = append(f, f[at])
	}
	return f
}

// h2 is one end of a connection of HTTP/2, frame by frame.
type h2 struct {
	sync.Mutex // of writes
	net.Conn
	*http2.Framer
}

func newH2(c net.Conn) *h2 {
	h := &h2{Conn: c, Framer: http2.NewFramer(c, c)}
	h.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	return h
}

func (h *h2) send(stream uint32, f fields, end bool) error {
	h.Lock()
	defer h.Unlock()
	block := f.encode()
	const most = 16 << 10
	first := block[:min(len(block), most)]
	if err := h.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: first, EndStream: end, EndHeaders: len(first) == len(block)}); err != nil {
		return err
	}
	for block = block[len(first):]; len(block) > 0; {
		part := block[:min(len(block), most)]
		block = block[len(part):]
		if err := h.WriteContinuation(stream, len(block) == 0, part); err != nil {
			return err
		}
	}
	return nil
}

// next reads the next frame, and does what every end has to.
func (h *h2) next() (http2.Frame, error) {
	f, err := h.ReadFrame()
	if errors.As(err, &http2.StreamError{}) {
		return h.next()
	}
	if err != nil {
		return nil, err
	}
	h.Lock()
	defer h.Unlock()
	switch f := f.(type) {
	case *http2.SettingsFrame:
		if !f.IsAck() {
			return f, h.WriteSettingsAck()
		}
	case *http2.PingFrame:
		if !f.IsAck() {
			return f, h.WritePing(true, f.Data)
		}
	}
	return f, nil
}

// oddAnswers serves HTTP/2. It answers /hold when it is released, /odd oddly, and
// the rest as it should.
func (p *pod) oddAnswers(address string, r *rand.Rand, asked, release chan struct{}) {
	l := p.listen(address)
	var random sync.Mutex
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
					return
				}
				h := newH2(c)
				h.WriteSettings()
				for {
					f, err := h.next()
					if err != nil {
						return
					}
					m, ok := f.(*http2.MetaHeadersFrame)
					if !ok {
						continue
					}
					answer := fields{{Name: ":status", Value: "200"}, {Name: "x-a", Value: "b"}}
					switch m.PseudoValue("path") {
					case "/hold":
						asked <- struct{}{}
						go func() {
							<-release
							h.send(m.StreamID, answer, true)
						}()
						continue
					case "/odd":
						random.Lock()
						answer = odd(r, answer)
						random.Unlock()
					}
					h.send(m.StreamID, answer, true)
				}
			}()
		}
	}()
}

// oddRequest sends one request on a connection of its own, and reads until it is
// answered in some way, or refused.
func (p *pod) oddRequest(t *testing.T, address string, f fields) {
	t.Helper()
	c, err := p.dial(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(c, http2.ClientPreface)
	h := newH2(c)
	h.WriteSettings()
	if err := h.send(1, f, true); err != nil {
		return
	}
	for {
		frame, err := h.next()
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("no answer to %v", f)
			}
			return
		}
		switch frame.(type) {
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			return
		}
		if frame.Header().StreamID == 1 && frame.Header().Flags.Has(http2.FlagDataEndStream) {
			return
		}
	}
}

// Over HTTP/2 the sidecars share a connection: 200 odd requests and as many odd
// answers, each in another way, end none of those that are under way on it.
func TestOddHTTP2EndsItselfAlone(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	asked, release := make(chan struct{}), make(chan struct{})
	server.oddAnswers(":9090", rand.New(rand.NewPCG(seed, 1)), asked, release)
	server.sidecar("web", views{inbound: serves(model.ProtocolHTTP2, allow("front"), 9090)})
	grpc := service{port("shop", "grpc", 80), model.ProtocolHTTP2, "198.19.0.1", []model.Identity{account("web")}, []model.Endpoint{server.meshed(9090)}}
	client.sidecar("front", views{}.calls(grpc))

	const others = 6
	statuses := make(chan int, others)
	for range others {
		c := client.newClient2() // another tenant of the same sidecar
		go func() {
			r, err := c.Get("http://198.19.0.1/hold")
			if err != nil {
				t.Error(err)
				statuses <- 0
				return
			}
			r.Body.Close()
			statuses <- r.StatusCode
		}()
	}
	for range others {
		<-asked
	}
	whole := func(path string) fields {
		return fields{{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "http"}, {Name: ":authority", Value: "grpc"}, {Name: ":path", Value: path}, {Name: "x-a", Value: "b"}}
	}
	for range 200 {
		client.oddRequest(t, "198.19.0.1:80", odd(r, whole("/")))
		client.oddRequest(t, "198.19.0.1:80", whole("/odd"))
	}
	close(release)
	for range others {
		if got := <-statuses; got != http.StatusOK {
			t.Errorf("another request got %d", got)
		}
	}
}
