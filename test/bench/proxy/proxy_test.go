//go:build linux

package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weft-mesh/weft/test/network"
	"github.com/weft-mesh/weft/translators/envoy/envoytest"
)

// small is as little as shows that everything is measured.
func small(t *testing.T) settings {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("making a network namespace takes root: nothing was measured")
	}
	path, err := network.ProgramForAll(envoytest.Binary(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(filepath.Dir(path)) })
	return settings{
		envoy: path, services: []int{4}, changes: []int{4}, sources: []int{2}, routes: []int{2},
		load: 300 * time.Millisecond, rounds: 1, weights: 2, rotating: 500 * time.Millisecond,
	}
}

// TestEveryCaseMeasures runs all of the bench with next to no load. A row whose
// figures are zero was not measured.
func TestEveryCaseMeasures(t *testing.T) {
	s := small(t)
	request := []string{"cpu_us_per_request", "rps", "p50_us", "p99_us"}
	want := map[string][]string{
		"start": {"ready_ms", "private_mb"}, "scrape": {"bytes", "ms"},
		"weight-first-request": {"first_request_p50_ms", "bytes"}, "certificates-rotated": {"new_secret_p99_ms", "rps"}, "controller-restarted": {"rps", "sent_again_percent"},
		"pair": request, "pair-by-size": request, "rbac": request, "rbac-tcp": request, "regex-routes": request,
	}
	seen := map[string]bool{}
	for _, c := range cases {
		rows, err := c.run(s)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for _, r := range rows {
			event, _ := r["event"].(string)
			if r["goal"] == "" || want[event] == nil {
				t.Errorf("%s measured what nobody asked for: %s", c.name, r)
			}
			for _, field := range want[event] {
				if n, ok := r[field].(float64); !ok || n <= 0 {
					t.Errorf("%s: %s = %v", r, field, r[field])
				}
			}
			seen[event] = true
		}
	}
	for event := range want {
		if !seen[event] {
			t.Errorf("nothing measured %s", event)
		}
	}
}

func TestNumbers(t *testing.T) {
	var ns []int
	if err := numbers(&ns)("10,1000"); err != nil || len(ns) != 2 || ns[1] != 1000 {
		t.Errorf("%v %v", ns, err)
	}
	for _, bad := range []string{"", "ten", "0", "1,,2"} {
		if numbers(&ns)(bad) == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// TestCounter counts an event that every kernel has, as instructions are counted
// where the machine has them.
func TestCounter(t *testing.T) {
	c, err := newCounter(os.Getpid(), unix.PERF_TYPE_SOFTWARE, unix.PERF_COUNT_SW_TASK_CLOCK)
	if err != nil {
		t.Skipf("this machine counts nothing: %v", err)
	}
	defer c.close()
	before, err := c.read()
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		_, _ = os.Stat("/")
	}
	if after, err := c.read(); err != nil || after <= before {
		t.Errorf("from %v to %v: %v", before, after, err)
	}
}

func TestCPUTime(t *testing.T) {
	used, err := cpuTime(os.Getpid())
	if err != nil || used <= 0 {
		t.Errorf("%v: %v", used, err)
	}
	if _, err := cpuTime(1 << 30); err == nil {
		t.Error("a process that does not exist used no CPU")
	}
}

// TestAppAndLoad is a request without any Envoy.
func TestAppAndLoad(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go serveApp(l, "app")
	raw, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := newConn(raw)
	defer c.close()
	for range 2 {
		status, body, err := c.get("/")
		if err != nil || status != 200 || appOf(body) != "app" || len(body) != answerSize {
			t.Errorf("%d %q: %v", status, body, err)
		}
	}
}
