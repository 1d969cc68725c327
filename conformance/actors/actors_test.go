package actors

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// start runs a server on loopback and returns its addresses.
func start(t *testing.T) map[Protocol][]string {
	t.Helper()
	return startWith(t, ledgerOf(t))
}

// ledgerOf is where the server of a test is asked what has reached it.
func ledgerOf(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "ledger")
}

func startWith(t *testing.T, ledger string) map[Protocol][]string {
	t.Helper()
	open := make(chan map[Protocol][]string, 1)
	s := &Server{
		Namespace: "main", Workload: "web", Version: "v1", Pod: "web-0", Host: "127.0.0.1", Ledger: ledger,
		HTTP: []int{0, 0}, HTTP2: []int{0}, GRPC: []int{0}, TCP: []int{0}, UDP: []int{0},
		Listening: func(addresses map[Protocol][]string) { open <- addresses },
	}
	done := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	select {
	case addresses := <-open:
		return addresses
	case err := <-done:
		done <- nil
		t.Fatal(err)
		return nil
	}
}

func do(t *testing.T, calls ...Call) []Outcome {
	t.Helper()
	caller := NewCaller()
	t.Cleanup(caller.Close)
	report, err := caller.Do(t.Context(), Plan{Calls: calls})
	if err != nil {
		t.Fatal(err)
	}
	return report.Outcomes
}

func TestEveryProtocolSaysWhoAnswers(t *testing.T) {
	addresses := start(t)
	for _, c := range []struct {
		protocol Protocol
		address  string
		code     map[string]int
		seen     string
	}{
		{HTTP, addresses[HTTP][0], map[string]int{"200": 4}, "http/1.1"},
		{HTTP, addresses[HTTP][1], map[string]int{"200": 4}, "http/1.1"},
		{HTTP2, addresses[HTTP2][0], map[string]int{"200": 4}, "http/2.0"},
		{GRPC, addresses[GRPC][0], map[string]int{"OK": 4}, "grpc"},
		{TCP, addresses[TCP][0], nil, "tcp"},
		{UDP, addresses[UDP][0], nil, "udp"},
	} {
		for _, connection := range []string{"", "kept"} {
			t.Run(fmt.Sprintf("%s %q", c.seen, connection), func(t *testing.T) {
				o := do(t, Call{Protocol: c.protocol, Address: c.address, Path: "/a.B/C", Payload: "hello", Count: 4, Concurrency: 2, Connection: connection})[0]
				connections := 4
				if connection != "" {
					connections = 1
				}
				if o.Count != 4 || o.Answered() != 4 || o.Servers["main/web"] != 4 || o.Versions["v1"] != 4 || o.Connections != connections {
					t.Errorf("%+v", o)
				}
				if diff := cmp.Diff(c.code, o.Codes); diff != "" || len(o.Errors) > 0 {
					t.Errorf("codes: %s errors: %v", diff, o.Errors)
				}
				if o.Last == nil || o.Last.Protocol != c.seen || o.Last.Payload != "hello" || o.Last.Pod != "web-0" || o.Last.Port == 0 {
					t.Errorf("last: %+v", o.Last)
				}
				if o.Latency.Max < o.Latency.P50 || o.Latency.P50 == 0 {
					t.Errorf("latency: %+v", o.Latency)
				}
			})
		}
	}
}

func TestTheServerSeesTheRequestAsItWasMade(t *testing.T) {
	address := start(t)[HTTP][0]
	o := do(t, Call{Address: address, Host: "shop.example", Path: "/books/7?order=asc", Method: "PUT", Headers: map[string]string{"x-shelf": "b", "user-agent": "Firefox"}})[0]
	want := Answer{
		Server: "main/web", Version: "v1", Pod: "web-0", Protocol: "http/1.1", Port: o.Last.Port,
		Method: "PUT", Path: "/books/7?order=asc", Host: "shop.example",
		Headers: map[string]string{"x-shelf": "b", "user-agent": "Firefox", "content-length": "0", "connection": "close"},
	}
	if diff := cmp.Diff(&want, o.Last); diff != "" {
		t.Error(diff)
	}
}

// A port that takes what it does not say would hide it from a test that somebody speaks the wrong protocol.
func TestAPortRefusesWhatItDoesNotSay(t *testing.T) {
	addresses := start(t)
	for _, c := range []Call{
		{Protocol: HTTP2, Address: addresses[HTTP][0]},
		{Protocol: GRPC, Address: addresses[HTTP][0], Path: "/a.B/C"},
		{Protocol: HTTP, Address: addresses[HTTP2][0]},
		{Protocol: HTTP, Address: addresses[GRPC][0]},
	} {
		if o := do(t, c)[0]; o.Answered() != 0 || o.Codes["200"]+o.Codes["OK"] != 0 {
			t.Errorf("%s at %s: %+v", c.Protocol, c.Address, o)
		}
	}
	conn, err := net.Dial("tcp", addresses[HTTP][0])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 505") && !strings.HasPrefix(string(answer), "HTTP/1.1 400") || err != nil {
		t.Errorf("to the preface of HTTP/2 it says %q, %v, and was to refuse it and close", answer, err)
	}
}

func TestAHeadRequestNamesItsServer(t *testing.T) {
	o := do(t, Call{Address: start(t)[HTTP][0], Method: "HEAD"})[0]
	if o.Answered() != 1 || o.Last.Version != "v1" {
		t.Errorf("%+v", o)
	}
}

// What answers in a server's place is no server.
func TestARefusalIsNoAnswer(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer proxy.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := closed.Addr().String()
	closed.Close()
	shut, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer shut.Close()
	go func() {
		for {
			conn, err := shut.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 64))
			conn.Close()
		}
	}()
	mute, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	short := 50 * time.Millisecond
	calls := []Call{
		{Address: proxy.Listener.Addr().String(), Count: 3},
		{Address: free},
		{Protocol: TCP, Address: free},
		{Protocol: TCP, Address: shut.Addr().String()},
		{Protocol: GRPC, Address: free, Path: "/a.B/C"},
		{Protocol: UDP, Address: mute.LocalAddr().String(), Timeout: short},
	}
	outcomes := do(t, calls...)
	for i, o := range outcomes {
		if o.Answered() != 0 || o.Last != nil {
			t.Errorf("%+v: %+v", calls[i], o)
		}
	}
	if outcomes[0].Codes["403"] != 3 || len(outcomes[0].Errors) != 0 {
		t.Errorf("403: %+v", outcomes[0])
	}
	for i, want := range map[int]string{1: "refused", 2: "refused", 3: "closed", 4: "Unavailable", 5: "timeout"} {
		if outcomes[i].Errors[want] != 1 {
			t.Errorf("%s: %+v", want, outcomes[i])
		}
	}
}

func TestNamedConnectionsLastFromPlanToPlan(t *testing.T) {
	addresses := start(t)
	plan := Plan{Calls: []Call{
		{Address: addresses[HTTP][0], Connection: "a"},
		{Protocol: TCP, Address: addresses[TCP][0], Connection: "a"},
		{Address: addresses[HTTP][0], Connection: "b"},
	}}
	var in bytes.Buffer
	for range 2 {
		if err := json.NewEncoder(&in).Encode(plan); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	caller := NewCaller()
	defer caller.Close()
	if err := caller.Run(t.Context(), &in, &out); err != nil {
		t.Fatal(err)
	}
	reports := json.NewDecoder(&out)
	for i, connections := range []int{1, 0} {
		var r Report
		if err := reports.Decode(&r); err != nil {
			t.Fatal(err)
		}
		for _, o := range r.Outcomes {
			if o.Answered() != 1 || o.Connections != connections {
				t.Errorf("plan %d: %+v", i, o)
			}
		}
	}
	if reports.More() {
		t.Error("more reports than plans")
	}
}

func TestWhatIsNoPlanIsAnError(t *testing.T) {
	for _, in := range []string{"hello", `{"calls": [{"protocol": "smtp"}]}`} {
		if err := NewCaller().Run(t.Context(), strings.NewReader(in), io.Discard); err == nil {
			t.Errorf("%s: no error", in)
		}
	}
}

func TestAPortThatIsTakenIsAnError(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s := &Server{Host: "127.0.0.1", Ledger: ledgerOf(t), TCP: []int{portOf(taken.Addr())}}
	if err := s.Run(t.Context()); err == nil {
		t.Error("no error")
	}
}

func TestAServerAnswersLateOrBadlyWhereItIsAskedTo(t *testing.T) {
	address := start(t)[HTTP][0]
	outcomes := do(t,
		Call{Address: address, Count: 3, Headers: map[string]string{HeaderCode: "500", HeaderDelay: "30ms"}},
		Call{Address: address, Headers: map[string]string{HeaderCode: "9", HeaderDelay: "soon"}},
	)
	if o := outcomes[0]; o.Codes["500"] != 3 || o.Pods["web-0"] != 3 || o.Latency.P50 < 30*time.Millisecond {
		t.Errorf("%+v", o)
	}
	if o := outcomes[1]; o.Codes["200"] != 1 {
		t.Errorf("nonsense is heeded: %+v", o)
	}
}
