package figures

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
)

// fleet is sidecars that a test makes up.
type fleet struct {
	clock *clocktesting.FakeClock

	mu       sync.Mutex
	targets  []Target
	sidecars map[string]*sidecar // by UID
	// bodies are answered in place of a sidecar's own.
	bodies map[string]func() (io.ReadCloser, error)
	asked  map[string]int
	listed error
}

func newFleet() *fleet {
	return &fleet{
		clock: clocktesting.NewFakeClock(time.Unix(1_800_000_000, 0)), sidecars: map[string]*sidecar{},
		bodies: map[string]func() (io.ReadCloser, error){}, asked: map[string]int{},
	}
}

// pod adds one of a Deployment.
func (f *fleet) pod(namespace, deployment, uid string) *sidecar {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.targets = append(f.targets, Target{
		UID: uid, Pod: model.Key{Namespace: namespace, Name: deployment + "-" + uid}, Node: "node",
		Own: Workload{namespace, "deployments", deployment}, Address: netip.MustParseAddr("198.18.0.1"),
	})
	f.sidecars[uid] = newSidecar()
	return f.sidecars[uid]
}

func (f *fleet) remove(uid string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.targets = slices.DeleteFunc(f.targets, func(t Target) bool { return t.UID == uid })
}

func (f *fleet) collector(t testing.TB) *Collector {
	t.Helper()
	c, err := New(Options{
		Targets: func() ([]Target, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			return slices.Clone(f.targets), f.listed
		},
		Fetch: f.fetch, Clock: f.clock, Log: logr.Discard(), Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (f *fleet) fetch(_ context.Context, t Target) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[t.UID]++
	if body, ok := f.bodies[t.UID]; ok {
		return body()
	}
	return io.NopCloser(strings.NewReader(f.sidecars[t.UID].String())), nil
}

// passes lets time go by.
func (f *fleet) passes(d time.Duration) {
	f.clock.Step(d)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.sidecars {
		s.uptime += int(d / time.Second)
	}
}

// once reads every pod that is due.
func (c *Collector) once(t *testing.T) {
	t.Helper()
	for _, p := range c.round() {
		c.read(t.Context(), p)
	}
}

// of sums what the window has of a namespace, by workload.
func of(c *Collector, size time.Duration, namespace string) map[string]Counts {
	sums := map[string]Counts{}
	rows, _ := c.Rows(size, namespace)
	for r := range rows {
		s := sums[r.Own.Name]
		s.Add(r.Counts)
		sums[r.Own.Name] = s
	}
	return sums
}

func TestTwoReplicasAgree(t *testing.T) {
	f := newFleet()
	a, b := f.collector(t), f.collector(t)
	web, api := f.pod("shop", "web", "1"), f.pod("shop", "api", "2")
	for i := range 8 {
		web.requests(3, "200", 7)
		api.requests(i, "503", 30)
		a.once(t)
		b.once(t)
		f.passes(DefaultInterval)
	}
	one, other := of(a, DefaultWindow, ""), of(b, DefaultWindow, "")
	if fmt.Sprint(one) != fmt.Sprint(other) {
		t.Errorf("%v\n%v", one, other)
	}
	if one["web"].Success != 3*5 || one["api"].Failure != 3+4+5+6+7 {
		t.Errorf("got %+v", one)
	}
}

// A replica that was away for longer than a window says nothing wrong, and all
// again after one.
func TestReplicaThatRestarts(t *testing.T) {
	f := newFleet()
	a := f.collector(t)
	web := f.pod("shop", "web", "1")
	for range 20 {
		web.requests(10, "200", 7)
		a.once(t)
		f.passes(DefaultInterval)
	}
	b := f.collector(t)
	b.once(t)
	if got := of(b, DefaultWindow, ""); len(got) != 0 {
		t.Errorf("at its first reading it says %+v", got)
	}
	for range 6 {
		f.passes(DefaultInterval)
		web.requests(10, "200", 7)
		a.once(t)
		b.once(t)
	}
	if one, other := of(a, DefaultWindow, "")["web"], of(b, DefaultWindow, "")["web"]; one != other || one.Success != 60 {
		t.Errorf("one replica says %d, the other %d; want 60", one.Success, other.Success)
	}
}

// all copies rows.
func all(rows iter.Seq[*Row]) (copies []Row) {
	for r := range rows {
		copies = append(copies, *r)
	}
	return copies
}

func TestNamespace(t *testing.T) {
	f := newFleet()
	c := f.collector(t)
	f.pod("shop", "web", "1").requests(1, "200", 7) // of shop's front
	f.pod("other", "web", "2").requests(1, "200", 7)
	f.pod("other", "alone", "3").count(envoy.FamilyServerRequests, 1, "port", "80", "code", "200")
	client := f.pod("other", "client", "4")
	client.count(envoy.FamilyClientRequests, 1, "service", "shop/web", "split", "", "backend", "", "port", "80", "code", "503")
	client.count(envoy.FamilyClientRequests, 1, "service", "stock/web", "split", "", "backend", "", "port", "80", "code", "503")
	c.once(t)
	for namespace, want := range map[string]int{"shop": 3, "other": 4, "stock": 1, "nowhere": 0, "": 5} {
		rows, _ := c.Rows(0, namespace)
		got := all(rows)
		if len(got) != want {
			t.Errorf("%q: %d rows, want %d: %+v", namespace, len(got), want, got)
		}
	}
}

func TestWindowEndsNow(t *testing.T) {
	f := newFleet()
	c := f.collector(t)
	f.passes(time.Minute)
	if _, end := c.Rows(time.Hour, ""); !end.Equal(f.clock.Now()) {
		t.Errorf("the window ends at %v, want %v", end, f.clock.Now())
	}
}

// A pod that is gone is in the windows that it had traffic in, and then nowhere.
func TestPodsThatGo(t *testing.T) {
	f := newFleet()
	c := f.collector(t)
	f.pod("shop", "web", "1").requests(10, "200", 7)
	c.once(t)
	f.remove("1")
	f.passes(5 * time.Second)
	c.once(t)
	if got := of(c, DefaultWindow, "")["web"].Success; got != 10 {
		t.Errorf("%d successes, want 10", got)
	}
	f.passes(MaxWindow)
	if got := of(c, MaxWindow, ""); len(got) != 0 {
		t.Errorf("after the window: %v", got)
	}
	f.passes(keep)
	c.once(t)
	if len(c.pods) != 0 {
		t.Errorf("%d pods are still kept", len(c.pods))
	}
}

// While nobody can tell which pods there are, they are those that there were.
func TestPodsThatCannotBeListed(t *testing.T) {
	f := newFleet()
	c := f.collector(t)
	web := f.pod("shop", "web", "1")
	for range 3 {
		web.requests(10, "200", 7)
		c.once(t)
		f.passes(5 * time.Second)
		f.listed = errors.New("no API server")
		f.targets = nil
	}
	if got := of(c, DefaultWindow, "")["web"].Success; got != 30 {
		t.Errorf("%d successes, want 30", got)
	}
}

// A pod of the same name is another one, as a StatefulSet's.
func TestPodThatIsReplaced(t *testing.T) {
	f := newFleet()
	c := f.collector(t)
	old := f.pod("shop", "web", "1")
	old.requests(10, "200", 7)
	c.once(t)
	f.passes(5 * time.Second)
	f.remove("1")
	f.pod("shop", "web", "2").requests(15, "200", 7)
	f.targets[0].Pod.Name = "web-1"
	c.once(t)
	if got := of(c, DefaultWindow, "")["web"].Success; got != 25 {
		t.Errorf("%d successes, want 25", got)
	}
}

// Sidecars that fail are asked less and less often, and are never given up;
// what they answer with harms no other.
func TestSidecarsThatFail(t *testing.T) {
	for name, body := range map[string]func() (io.ReadCloser, error){
		"refuses": func() (io.ReadCloser, error) { return nil, errors.New("connection refused") },
		"sends garbage": func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(envoy.FamilyServerRequests + "{\n")), nil
		},
		"sends too much": func() (io.ReadCloser, error) {
			return io.NopCloser(&endless{line: func(i int) string { return manySeries(i) }, left: 1_000_000}), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet()
			c := f.collector(t)
			good, bad := f.pod("shop", "good", "1"), f.pod("shop", "bad", "2")
			f.bodies["2"] = body
			const rounds = 50
			for range rounds {
				good.requests(1, "200", 7)
				c.once(t)
				f.passes(DefaultInterval)
			}
			if got := of(c, MaxWindow, "")["good"].Success; got != rounds {
				t.Errorf("the other has %d successes, want %d", got, rounds)
			}
			if f.asked["1"] != rounds || f.asked["2"] < rounds/maxRest || f.asked["2"] > 12 {
				t.Errorf("asked %v", f.asked)
			}
			m := c.metrics
			if n := value(t, m.failed) + value(t, m.garbage) + value(t, m.dropped); n < float64(f.asked["2"]) {
				t.Errorf("%v were counted of %d", n, f.asked["2"])
			}
			delete(f.bodies, "2")
			for range maxRest + 1 {
				c.once(t)
				f.passes(DefaultInterval)
			}
			bad.requests(7, "200", 7)
			c.once(t)
			if got := of(c, DefaultWindow, "")["bad"].Success; got != 7 {
				t.Errorf("once it is well it has %d successes, want 7", got)
			}
		})
	}
}

// Sidecars that never answer, more of them than are read at once, keep nobody
// from being read.
func TestSidecarsThatHang(t *testing.T) {
	f := newFleet()
	for i := range 6 {
		f.pod("shop", "hangs", fmt.Sprint("hangs", i))
	}
	f.pod("shop", "good", "good")
	reads := make(chan struct{}, 1000)
	c, err := New(Options{
		Targets: func() ([]Target, error) { return f.targets, nil },
		Fetch: func(ctx context.Context, target Target) (io.ReadCloser, error) {
			if target.UID != "good" {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			reads <- struct{}{}
			return io.NopCloser(strings.NewReader(newSidecar().String())), nil
		},
		Interval: 50 * time.Millisecond, Parallel: 2, Clock: clock.RealClock{}, Log: logr.Discard(), Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- c.Start(ctx) }()
	for range 5 {
		<-reads
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func value(t *testing.T, c prometheus.Counter) float64 {
	t.Helper()
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

func manySeries(i int) string {
	return fmt.Sprintf("%s{port=%q,code=%q,rule=%q} 1\n", envoy.FamilyServerRequests, fmt.Sprint(i%60000), "200", strings.Repeat("x", 100))
}

// Start reads each pod once a round, at a place in the round that is its own.
func TestStart(t *testing.T) {
	f := newFleet()
	c := f.collector(t)
	const pods = 20
	for i := range pods {
		f.pod("shop", "web", fmt.Sprint(i))
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- c.Start(ctx) }()
	total := func() (n int) {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, times := range f.asked {
			n += times
		}
		return n
	}
	for total() < 3*pods {
		if f.clock.HasWaiters() {
			f.clock.Step(DefaultInterval / 100)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for uid, times := range f.asked {
		if times < 2 || times > 4 {
			t.Errorf("pod %s was read %d times, others 3", uid, times)
		}
	}
}

// While sidecars are read, rows are asked for, and pods come and go.
func TestAllAtOnce(t *testing.T) {
	f := newFleet()
	c := f.collector(t)
	for i := range 10 {
		f.pod("shop", "web", fmt.Sprint(i)).requests(1, "200", 7)
	}
	var all sync.WaitGroup
	for range 20 {
		for _, p := range c.round() {
			all.Go(func() { c.read(t.Context(), p) })
		}
		all.Go(func() { of(c, 0, "") })
		all.Go(func() { of(c, 0, "shop") })
		f.remove("3")
		f.passes(time.Second)
	}
	all.Wait()
	if got := of(c, DefaultWindow, "")["web"].Success; got != 10 {
		t.Errorf("%d successes, want 10", got)
	}
}
