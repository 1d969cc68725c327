package figures

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
)

// watched is a pod whose sidecar is read by hand.
type watched struct {
	t *testing.T
	p *pod
	sidecar
	now time.Duration
}

func watch(t *testing.T) *watched {
	return &watched{t: t, p: &pod{reader: newReader(), target: Target{Own: Workload{"shop", "deployments", "web"}}}, sidecar: *newSidecar(), now: time.Hour}
}

// passes lets time go by for the sidecar as well.
func (w *watched) passes(d time.Duration) {
	w.now += d
	w.uptime += int(d / time.Second)
}

// reads takes what the sidecar says.
func (w *watched) reads() outcome {
	w.t.Helper()
	o, err := w.readsFrom(strings.NewReader(w.String()))
	if err != nil || o.garbage > 0 {
		w.t.Fatalf("%d lines were garbage, error %v", o.garbage, err)
	}
	return o
}

func (w *watched) readsFrom(body io.Reader) (outcome, error) {
	o, err := w.p.reader.read(body, w.now, &scratch{})
	w.p.put(o, &scratch{})
	return o, err
}

// counted sums all rows of the window that ends now.
func (w *watched) counted(size time.Duration) Counts {
	var c Counts
	for _, r := range w.rows(size) {
		c.Add(r.Counts)
	}
	return c
}

// all are the rows of the window.
func (p *pod) all(w window) (all []Row) {
	p.rows(w, "", &scratch{}, func(r *Row) bool {
		all = append(all, *r)
		return true
	})
	return all
}

func (w *watched) rows(size time.Duration) []Row {
	return w.p.all(window{start: w.now - size, end: w.now})
}

// expect compares successes and failures in the last 30 seconds.
func (w *watched) expect(successes, failures uint64) {
	w.t.Helper()
	if c := w.counted(DefaultWindow); c.Success != successes || c.Failure != failures {
		w.t.Errorf("%d successes, %d failures; want %d, %d", c.Success, c.Failure, successes, failures)
	}
}

func TestEveryRequestIsInTheWindowOnce(t *testing.T) {
	w := watch(t)
	w.reads()
	for range 6 {
		w.passes(5 * time.Second)
		w.requests(10, "200", 7)
		w.requests(1, "503", 700)
		w.reads()
	}
	w.expect(60, 6)
	c := w.counted(DefaultWindow)
	if c.Latency.Count() != 66 {
		t.Errorf("%d durations, want 66", c.Latency.Count())
	}
	if p50, _ := c.Latency.Quantile(0.5); p50 <= 5 || p50 > 10 {
		t.Errorf("p50 is %v, want 5 to 10", p50)
	}
	if p99, _ := c.Latency.Quantile(0.99); p99 <= 500 || p99 > 1000 {
		t.Errorf("p99 is %v, want 500 to 1000", p99)
	}
	w.passes(20 * time.Second)
	w.expect(20, 2)
	w.passes(10 * time.Second)
	if rows := w.rows(DefaultWindow); rows != nil {
		t.Errorf("got %v after the window, want no rows", rows)
	}
}

func TestNoTrafficIsNoRow(t *testing.T) {
	w := watch(t)
	w.requests(10, "200", 7)
	w.uptime = 1e6
	w.reads()
	for range 3 {
		w.passes(5 * time.Second)
		w.reads()
	}
	if rows := w.rows(DefaultWindow); rows != nil {
		t.Errorf("got %v, want no rows", rows)
	}
	if n := len(w.p.records); n != 0 {
		t.Errorf("%d records are kept of nothing", n)
	}
}

// A replica that has just started says nothing of what was before it looked,
// but for sidecars that are younger than the window.
func TestFirstReading(t *testing.T) {
	for name, test := range map[string]struct {
		uptime int
		want   uint64
	}{
		"a sidecar that is new":           {uptime: 4, want: 10},
		"as old as the window":            {uptime: 30, want: 10},
		"older than the window":           {uptime: 50, want: 0},
		"that has run for days":           {uptime: 1e6, want: 0},
		"that has run for ever":           {uptime: maxValue, want: 0},
		"whose first interval is not out": {uptime: 0, want: 10},
	} {
		t.Run(name, func(t *testing.T) {
			w := watch(t)
			w.uptime = test.uptime
			w.requests(10, "200", 7)
			w.reads()
			w.expect(test.want, 0)
			w.passes(5 * time.Second)
			w.requests(3, "200", 7)
			w.reads()
			w.expect(test.want+3, 0)
		})
	}
}

func TestFirstReadingWithoutUptime(t *testing.T) {
	w := watch(t)
	w.requests(10, "200", 7)
	if _, err := w.readsFrom(strings.NewReader(strings.ReplaceAll(w.String(), uptimeMetric, "other"))); err != nil {
		t.Fatal(err)
	}
	w.expect(0, 0)
}

func TestRestartedSidecarCountsFromZero(t *testing.T) {
	for name, after := range map[string]int{"fewer than before": 4, "as many": 10, "more than before": 25} {
		t.Run(name, func(t *testing.T) {
			w := watch(t)
			w.reads()
			w.passes(5 * time.Second)
			w.requests(10, "200", 7)
			w.reads()
			w.restart()
			w.now += 5 * time.Second
			w.uptime = 2
			w.requests(after, "200", 7)
			w.reads()
			w.expect(uint64(10+after), 0)
			if c := w.counted(DefaultWindow); c.Latency.Count() != uint64(10+after) {
				t.Errorf("%d durations, want %d", c.Latency.Count(), 10+after)
			}
		})
	}
}

func TestCounterThatGoesBackCountsFromZero(t *testing.T) {
	w := watch(t)
	w.uptime = 1000
	w.reads()
	w.passes(5 * time.Second)
	w.requests(10, "200", 7)
	w.reads()
	uptime := w.uptime
	w.restart()
	w.uptime = uptime
	w.passes(5 * time.Second)
	w.requests(4, "200", 7)
	w.reads()
	w.expect(14, 0)
}

// What was counted while nobody looked is said to be of a window that has all of
// the time, and of no other.
func TestSilenceLongerThanTheWindow(t *testing.T) {
	w := watch(t)
	w.reads()
	w.passes(2 * time.Minute)
	w.requests(100, "200", 7)
	w.reads()
	w.expect(0, 0)
	if c := w.counted(MaxWindow); c.Success != 100 {
		t.Errorf("%d successes in %s, want 100", c.Success, MaxWindow)
	}
	w.passes(5 * time.Second)
	w.requests(1, "200", 7)
	w.reads()
	w.expect(1, 0)
}

func TestOneMissedReadingLosesNothing(t *testing.T) {
	w := watch(t)
	w.reads()
	for i := range 6 {
		w.passes(5 * time.Second)
		w.requests(10, "200", 7)
		if i != 3 {
			w.reads()
		}
	}
	w.expect(60, 0)
}

// Old records are coarse, and have all that they had.
func TestLongWindows(t *testing.T) {
	w := watch(t)
	w.reads()
	const readings = 200
	for range readings {
		w.passes(5 * time.Second)
		w.requests(1, "200", 7)
		w.requests(2, "503", 700)
		w.reads()
		if n := len(w.p.records); n > int(fine/DefaultInterval)+int(keep/coarse)+2 {
			t.Fatalf("%d records", n)
		}
	}
	w.expect(6, 12)
	for size, want := range map[time.Duration]float64{10 * time.Second: 2, time.Minute: 12, 2 * time.Minute: 24, MaxWindow: 60} {
		c := w.counted(size)
		if diff := float64(c.Success) - want; diff > 3 || diff < -3 || (size <= fine && diff != 0) {
			t.Errorf("%s: %d successes, want %v", size, c.Success, want)
		}
		if c.Failure != 2*c.Success || c.Latency.Count() != 3*c.Success {
			t.Errorf("%s: %d successes, %d failures, %d durations", size, c.Success, c.Failure, c.Latency.Count())
		}
	}
}

// Envoy drops series that stand still.
func TestSeriesThatWentAndCameBack(t *testing.T) {
	w := watch(t)
	w.requests(10, "200", 7)
	w.uptime = 1e6
	w.reads()
	uptime := w.uptime
	w.restart()
	w.uptime = uptime
	w.passes(5 * time.Second)
	w.reads()
	if n := len(w.p.reader.series); n != 0 {
		t.Errorf("%d series are kept that went", n)
	}
	w.passes(5 * time.Second)
	w.requests(12, "200", 7)
	w.reads()
	w.expect(12, 0)
}

// Rows that went make room, but not before their records went too.
func TestRowsComeAndGo(t *testing.T) {
	w := watch(t)
	dropped := 0
	for i := range 40 {
		uptime := w.uptime
		w.restart()
		w.uptime = uptime
		w.passes(30 * time.Second)
		for j := range 150 {
			w.count(envoy.FamilyServerRequests, 1, "peer", dns(fmt.Sprint("a", i, "-", j)), "port", "80", "code", "200")
		}
		dropped += w.reads().dropped
		for _, r := range w.rows(MaxWindow) {
			if r.Success != 1 {
				t.Fatalf("turn %d: %+v was counted %d times", i, r.Peer, r.Success)
			}
		}
		if got := len(w.rows(MaxWindow)); got != min(i+1, 10)*150 {
			t.Fatalf("turn %d: %d rows, want %d", i, got, min(i+1, 10)*150)
		}
	}
	if dropped > 0 {
		t.Errorf("%d rows found no room", dropped)
	}
	if n := w.p.reader.rows.len(); n == 40*150 {
		t.Errorf("%d rows: none was used again", n)
	}
}

func TestMeaning(t *testing.T) {
	web := Workload{Namespace: "shop", Kind: "deployments", Name: "web.v1"}
	peer := `peer="` + dns("web.v1") + `",identity="spiffe://cluster.local/ns/shop/sa/web",`
	web80 := model.Key{Namespace: "shop", Name: "web"}
	v1, v2 := model.Key{Namespace: "shop", Name: "web-v1"}, model.Key{Namespace: "shop", Name: "web-v2"}
	who := Key{Peer: web, PeerIdentity: "spiffe://cluster.local/ns/shop/sa/web"}
	with := func(f func(*Key)) Key {
		k := who
		f(&k)
		return k
	}
	server := with(func(k *Key) { k.Side, k.Port, k.Protocol = Server, 8080, model.ProtocolHTTP })
	serverTCP := server
	serverTCP.Protocol = model.ProtocolTCP
	client := with(func(k *Key) { k.Side, k.Port, k.Protocol = Client, 80, model.ProtocolHTTP })
	split := client
	split.Service, split.Split, split.Backend = web80, v1, v2
	direct := client
	direct.Service, direct.Backend = web80, web80
	connected := direct
	connected.Protocol = model.ProtocolTCP
	shared := connected
	shared.Backend, shared.Split = v2, split.Split
	serverUDP, sharedUDP := serverTCP, shared
	serverUDP.Protocol, sharedUDP.Protocol = model.ProtocolUDP, model.ProtocolUDP
	alone := Key{Side: Client, Protocol: model.ProtocolHTTP, Port: 80}
	ok := Counts{Success: 7}
	bad := Counts{Failure: 7}
	requests := func(labels string) string {
		return envoy.FamilyServerRequests + "{" + peer + `port="8080",` + labels + "} 7"
	}
	for name, test := range map[string]struct {
		line string
		key  Key
		want Counts
	}{
		"an answer":                    {requests(`rule="allow",code="200",grpc="",flags="-"`), server, ok},
		"the caller's own fault":       {requests(`code="404",grpc="",flags="-"`), server, ok},
		"the server's":                 {requests(`code="500",grpc="",flags="-"`), server, bad},
		"no answer":                    {requests(`code="0",grpc="",flags="DC"`), server, bad},
		"an answer that broke off":     {requests(`code="200",grpc="",flags="UC"`), server, bad},
		"one of several flags":         {requests(`code="200",grpc="",flags="DC,UR"`), server, bad},
		"a stream that its caller end": {requests(`code="200",grpc="",flags="DC"`), server, ok},
		"gRPC that went well":          {requests(`code="200",grpc="0",flags="-"`), server, ok},
		"gRPC not found":               {requests(`code="200",grpc="5",flags="-"`), server, ok},
		"gRPC unavailable":             {requests(`code="200",grpc="14",flags="-"`), server, bad},
		"a switch of protocols":        {requests(`code="101",grpc="",flags="-"`), server, ok},
		"denied":                       {envoy.FamilyServerDenied + "{" + peer + `port="8080",protocol="http"} 7`, server, Counts{Failure: 7, Denied: 7}},
		"denied for want of a target":  {envoy.FamilyServerDenied + "{" + peer + `port="8080",protocol="http",missing="target"} 7`, server, Counts{Failure: 7, Denied: 7}},
		"denied for want of a route":   {envoy.FamilyServerDenied + "{" + peer + `port="8080",protocol="http",missing="route"} 7`, server, Counts{Failure: 7, Denied: 7, DeniedRoute: 7}},
		"denied without a certificate": {envoy.FamilyServerDenied + "{" + peer + `port="8080",protocol="http",missing="certificate"} 7`, server, Counts{Failure: 7, Denied: 7, DeniedCertificate: 7}},
		"sessions of UDP":              {envoy.FamilyServerConnections + "{" + peer + `port="8080",protocol="udp",flags="DC"} 7`, serverUDP, Counts{Success: 7, Connections: 7}},
		"sessions of UDP, sent":        {envoy.FamilyClientConnections + `{share="shop/web-v2",split="shop/web-v1",backend="outbound|shop/web|80|udp",` + peer + `port="80",protocol="udp"} 7`, sharedUDP, Counts{Success: 7, Connections: 7}},
		"open connections":             {envoy.FamilyServerOpenSeconds + "{" + peer + `port="8080"} 70`, serverTCP, Counts{OpenSeconds: 70}},
		"denied in the handshake":      {envoy.FamilyServerDenied + "{" + peer + `port="8080",protocol="tcp"} 7`, serverTCP, Counts{Failure: 7, Denied: 7}},
		"connections":                  {envoy.FamilyServerConnections + "{" + peer + `port="8080",flags="-"} 7`, serverTCP, Counts{Success: 7, Connections: 7}},
		"connections to nobody":        {envoy.FamilyClientConnections + "{backend=\"outbound|shop/web|80\",port=\"80\"," + peer + `flags="UF,URX"} 7`, connected, Counts{Failure: 7, Connections: 7}},
		"connections to a share":       {envoy.FamilyClientConnections + `{backend="outbound|shop/web|80",share="shop/web-v2",split="shop/web-v1",port="80",` + peer + `flags="-"} 7`, shared, Counts{Success: 7, Connections: 7}},
		"bytes in":                     {envoy.FamilyServerBytesIn + "{" + peer + `port="8080"} 7`, serverTCP, Counts{BytesIn: 7}},
		"bytes out":                    {envoy.FamilyServerBytesOut + "{" + peer + `port="8080"} 7`, serverTCP, Counts{BytesOut: 7}},
		"a split's":                    {envoy.FamilyClientRequests + `{service="shop/web",split="shop/web-v1",backend="outbound|shop/web-v2|80",port="80",` + peer + `code="200",grpc="",flags="-"} 7`, split, ok},
		"a Service's":                  {envoy.FamilyClientRequests + `{service="shop/web",split="",backend="outbound|shop/web|80",port="80",` + peer + `code="200",grpc="",flags="-"} 7`, direct, ok},
		"refused by the caller's own":  {envoy.FamilyClientDenied + `{address="198.18.0.1:80"} 7`, alone, Counts{Failure: 7, Denied: 7}},
	} {
		t.Run(name, func(t *testing.T) {
			w := watch(t)
			if o, err := w.readsFrom(strings.NewReader(uptimeMetric + "{} 1\n" + test.line + "\n")); err != nil || o.garbage > 0 {
				t.Fatalf("%d lines were garbage, error %v", o.garbage, err)
			}
			rows := w.rows(DefaultWindow)
			if len(rows) != 1 {
				t.Fatalf("%d rows", len(rows))
			}
			test.key.Own = w.p.target.Own
			if rows[0].Key != test.key {
				t.Errorf("got %+v\nwant %+v", rows[0].Key, test.key)
			}
			if rows[0].Counts != test.want {
				t.Errorf("got %+v\nwant %+v", rows[0].Counts, test.want)
			}
		})
	}
}
