package report

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/weft-mesh/weft/api/trafficmetrics"
	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/model"
)

var end = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func key(namespace, name string) model.Key { return model.Key{Namespace: namespace, Name: name} }

func workload(kind, namespace, name string) figures.Workload {
	return figures.Workload{Namespace: namespace, Kind: kind, Name: name}
}

// shop has two pods of one Deployment and one of another, a bare pod, and one
// that belongs to a Rollout.
func shop() Cluster {
	pod := func(name, app, node, replicaSet, deployment string) Pod {
		return Pod{
			Key: key("shop", name), Node: node, Labels: Labels{"app": app},
			Controller: model.Workload{Kind: "replicasets", Name: replicaSet},
			Workload:   model.Workload{Kind: "deployments", Name: deployment},
		}
	}
	return Cluster{
		Pods: []Pod{
			pod("web-1", "web", "n1", "web-a", "web"),
			pod("web-2", "web", "n2", "web-a", "web"),
			pod("api-1", "api", "n1", "api-a", "api"),
			{Key: key("shop", "bare"), Node: "n2", Workload: model.Workload{Kind: "pods", Name: "bare"}},
			{Key: key("shop", "canary-1"), Node: "n2", Controller: model.Workload{Kind: "replicasets", Name: "canary-a"}, Workload: model.Workload{Kind: "rollouts", Name: "canary"}},
		},
		Services: []Service{{Key: key("shop", "web"), Selector: Labels{"app": "web"}}, {Key: key("shop", "none")}},
		Splits: []*model.Split{{
			Key: key("shop", "split"), Root: key("shop", "web"),
			Backends: []model.Backend{{Service: key("shop", "web-v1"), Weight: 900}, {Service: key("shop", "web-v2"), Weight: 100}},
		}},
		Objects: map[string]map[model.Key]Labels{
			Namespaces:    {key("", "shop"): nil, key("", "other"): nil},
			Nodes:         {key("", "n1"): nil, key("", "n2"): nil},
			Pods:          {key("shop", "web-1"): {"app": "web"}, key("shop", "web-2"): nil, key("shop", "api-1"): nil, key("shop", "bare"): nil, key("shop", "canary-1"): nil},
			Services:      {key("shop", "web"): nil, key("shop", "none"): nil},
			"deployments": {key("shop", "web"): {"tier": "front"}, key("shop", "api"): nil, key("shop", "unmeshed"): nil},
			"replicasets": {key("shop", "web-a"): nil, key("shop", "api-a"): nil, key("shop", "canary-a"): nil},
			TrafficSplits: {key("shop", "split"): nil},
		},
	}
}

func received5(reporter, deployment string, peer figures.Workload, identity string, success, failure uint64) figures.Row {
	c := figures.Counts{Success: success, Failure: failure}
	c.Latency[3] = success + failure
	return figures.Row{
		Key: figures.Key{
			Side: figures.Server, Reporter: key("shop", reporter), Node: "n1", Own: workload("deployments", "shop", deployment),
			Peer: peer, PeerIdentity: identity, Port: 80, Protocol: model.ProtocolHTTP,
		},
		Counts: c,
	}
}

func sent(reporter, deployment string, peer figures.Workload, service, split, backend string, success uint64) figures.Row {
	r := received5(reporter, deployment, peer, "", success, 0)
	r.Side, r.Service = figures.Client, key("shop", service)
	if split != "" {
		r.Split, r.Backend = key("shop", split), key("shop", backend)
	}
	return r
}

var (
	apiWorkload = workload("deployments", "shop", "api")
	webWorkload = workload("deployments", "shop", "web")
	outside     = figures.Workload{}
)

func rows() []figures.Row {
	return []figures.Row{
		received5("web-1", "web", apiWorkload, "spiffe://c/ns/shop/sa/api", 6, 1),
		received5("web-2", "web", apiWorkload, "spiffe://c/ns/shop/sa/api", 3, 0),
		received5("web-1", "web", outside, "", 2, 0),
		// A pod that is gone.
		received5("web-0", "web", apiWorkload, "spiffe://c/ns/shop/sa/api", 5, 0),
		sent("api-1", "api", webWorkload, "web", "split", "web-v1", 8),
		sent("api-1", "api", webWorkload, "web", "split", "web-v2", 2),
		sent("api-1", "api", outside, "none", "", "", 1),
	}
}

func each(rows []figures.Row) iter.Seq[*figures.Row] {
	return func(yield func(*figures.Row) bool) {
		for i := range rows {
			if !yield(&rows[i]) {
				return
			}
		}
	}
}

func question() Question {
	return Question{Cluster: shop(), Namespace: "shop", Rows: each(rows()), Window: 30 * time.Second, End: end, Unit: Seconds}
}

// lines writes items as "name success/failure".
func lines(items []trafficmetrics.TrafficMetrics) []string {
	var all []string
	for _, t := range items {
		line := t.Name + " " + metric(t, trafficmetrics.SuccessCount) + "/" + metric(t, trafficmetrics.FailureCount)
		if e := t.Edge; e.MTLS != nil {
			line += fmt.Sprintf(" %s %s %s %s mtls=%t %s", e.Direction, e.Side, e.Resource.Kind, e.Resource.Name, *e.MTLS, e.Identity)
		}
		if b := t.Backend; b != nil {
			line += fmt.Sprintf(" %s→%s weight %d asked %v seen %v", b.Apex, b.Name, b.Weight, b.Asked, b.Seen)
		}
		all = append(all, strings.Join(strings.Fields(line), " "))
	}
	return all
}

func metric(t trafficmetrics.TrafficMetrics, name string) string {
	for _, m := range t.Metrics {
		if m.Name == name {
			return m.Value.String()
		}
	}
	return "none"
}

func TestListAddsUpByWhatHoldsThePods(t *testing.T) {
	tests := map[string][]string{
		// web-0 is gone: it has no item, and its traffic is its Deployment's.
		Pods:             {"api-1 0/0", "bare 0/0", "canary-1 0/0", "web-1 8/1", "web-2 3/0"},
		"deployments":    {"api 0/0", "web 16/1"},
		"replicasets":    {"api-a 0/0", "canary-a 0/0", "web-a 11/1"},
		Services:         {"web 11/1"},
		Namespaces:       {"shop 16/1"},
		Nodes:            {"n1 13/1", "n2 3/0"},
		"statefulsets":   nil,
		TrafficSplits:    {"split.web-v1 8/0 web→web-v1 weight 900 asked 900m seen 800m", "split.web-v2 2/0 web→web-v2 weight 100 asked 100m seen 200m"},
		"not-a-resource": nil,
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, lines(question().List(resourceOf(name)))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestOverviewHasWorkloadsAndSplits(t *testing.T) {
	want := []string{
		"deployment.api 0/0", "deployment.web 16/1", "pod.bare 0/0", "rollout.canary 0/0",
		"trafficsplit.split.web-v1 8/0 web→web-v1 weight 900 asked 900m seen 800m",
		"trafficsplit.split.web-v2 2/0 web→web-v2 weight 100 asked 100m seen 200m",
	}
	if diff := cmp.Diff(want, lines(question().Overview(""))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"service.web 11/1"}, lines(question().Overview("Service"))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestGet(t *testing.T) {
	tests := []struct {
		resource, name string
		want           []string
		exists         bool
	}{
		{"deployments", "web", []string{"web 16/1"}, true},
		{"deployments", "unmeshed", []string{"unmeshed 0/0"}, true},
		{"deployments", "nobody", nil, false},
		{"pods", "web-0", nil, false},
		{"namespaces", "other", []string{"other 0/0"}, true},
		{"services", "none", []string{"none 0/0"}, true},
		{"trafficsplits", "split", []string{"split.web-v1 8/0 web→web-v1 weight 900 asked 900m seen 800m", "split.web-v2 2/0 web→web-v2 weight 100 asked 100m seen 200m"}, true},
		{"trafficsplits", "split.web-v2", []string{"split.web-v2 2/0 web→web-v2 weight 100 asked 100m seen 200m"}, true},
		{"trafficsplits", "split.web-v3", nil, false},
		{"trafficmetrics", "deployment.web", []string{"deployment.web 16/1"}, true},
		{"trafficmetrics", "pod.web-1", []string{"pod.web-1 8/1"}, true},
		{"trafficmetrics", "rollout.canary", []string{"rollout.canary 0/0"}, true},
		{"trafficmetrics", "trafficsplit.split.web-v2", []string{"trafficsplit.split.web-v2 2/0 web→web-v2 weight 100 asked 100m seen 200m"}, true},
		{"trafficmetrics", "web", nil, false},
		{"trafficmetrics", "", nil, false},
		{"trafficmetrics", ".", nil, false},
		{"trafficmetrics", "rollout.nobody", nil, false},
		{"trafficmetrics", "node.n1", nil, false},
	}
	for _, test := range tests {
		t.Run(test.resource+"/"+test.name, func(t *testing.T) {
			var items []trafficmetrics.TrafficMetrics
			var exists bool
			if test.resource == "trafficmetrics" {
				items, exists = question().OverviewOf(test.name)
			} else {
				items, exists = question().Get(resourceOf(test.resource), test.name)
			}
			if exists != test.exists {
				t.Errorf("exists: %t", exists)
			}
			if diff := cmp.Diff(test.want, lines(items)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// Trap 66: edges to oneself and to namesakes.
func TestEdges(t *testing.T) {
	const api = "mtls=true spiffe://c/ns/shop/sa/api"
	tests := []struct {
		resource, name string
		want           []string
	}{
		{"deployments", "web", []string{"web 14/1 from server Deployment api " + api, "web 2/0 from server Outside mtls=false"}},
		{"deployments", "api", []string{"api 10/0 to client Deployment web mtls=false", "api 1/0 to client Service none mtls=false"}},
		{"deployments", "unmeshed", nil},
		{"pods", "web-2", []string{"web-2 3/0 from server Deployment api " + api}},
		{"services", "web", []string{"web 10/0 from client Deployment api mtls=false", "web 9/1 from server Deployment api " + api, "web 2/0 from server Outside mtls=false"}},
		{"namespaces", "shop", []string{
			"shop 14/1 from server Namespace shop " + api, "shop 2/0 from server Outside mtls=false", "shop 11/0 to client Namespace shop mtls=false",
		}},
		{"trafficsplits", "split", []string{
			"split 8/0 from client Deployment api mtls=false web→web-v1 weight 900 asked 900m seen <nil>",
			"split 2/0 from client Deployment api mtls=false web→web-v2 weight 100 asked 100m seen <nil>",
		}},
	}
	for _, test := range tests {
		t.Run(test.resource+"/"+test.name, func(t *testing.T) {
			items, exists := question().Edges(resourceOf(test.resource), test.name)
			if !exists {
				t.Fatal("does not exist")
			}
			got := lines(items)
			slices.Sort(got)
			slices.Sort(test.want)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if _, exists := question().Edges(resourceOf("deployments"), "nobody"); exists {
		t.Error("edges of what does not exist")
	}
}

// Backends without traffic have an item, as has one with traffic that the split
// has no longer.
func TestBackendsWithoutTrafficAndWithoutWeight(t *testing.T) {
	q := question()
	q.Rows = each(nil)
	want := []string{"split.web-v1 0/0 web→web-v1 weight 900 asked 900m seen <nil>", "split.web-v2 0/0 web→web-v2 weight 100 asked 100m seen <nil>"}
	if diff := cmp.Diff(want, lines(q.List(resourceOf(TrafficSplits)))); diff != "" {
		t.Errorf("no traffic (-want +got)\n%s", diff)
	}
	q.Rows = each([]figures.Row{sent("api-1", "api", webWorkload, "web", "split", "old", 3)})
	want = append([]string{"split.old 3/0 web→old weight 0 asked 0 seen 1"}, strings.Replace(want[0], "<nil>", "0", 1), strings.Replace(want[1], "<nil>", "0", 1))
	if diff := cmp.Diff(want, lines(q.List(resourceOf(TrafficSplits)))); diff != "" {
		t.Errorf("old backend (-want +got)\n%s", diff)
	}
}

// Callers of one workload may have several ServiceAccounts; none is told then.
func TestIdentityOfSeveral(t *testing.T) {
	q := question()
	q.Rows = each([]figures.Row{
		received5("web-1", "web", apiWorkload, "spiffe://c/ns/shop/sa/a", 1, 0),
		received5("web-1", "web", apiWorkload, "spiffe://c/ns/shop/sa/b", 1, 0),
		received5("web-2", "web", apiWorkload, "spiffe://c/ns/shop/sa/a", 1, 0),
	})
	items, _ := q.Edges(resourceOf("deployments"), "web")
	if diff := cmp.Diff([]string{"web 3/0 from server Deployment api mtls=true"}, lines(items)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestQuantilesHaveTheUnitOfTheVersion(t *testing.T) {
	for unit, want := range map[Unit]string{Seconds: "9950u", Milliseconds: "9950m"} {
		q := question()
		q.Unit = unit
		items, _ := q.Get(resourceOf("deployments"), "web")
		if got := metric(items[0], trafficmetrics.P99Latency); got != want {
			t.Errorf("%s: %s, want %s", unit, got, want)
		}
	}
}

// Whatever is counted, no value is negative or no number, and there are
// quantiles exactly where there were answers.
//
// Trap 66: no quantile of nothing.
func TestValuesMakeSense(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		var c figures.Counts
		for _, n := range []*uint64{&c.Success, &c.Failure, &c.Denied, &c.Connections, &c.BytesIn, &c.BytesOut, &c.OpenSeconds, &c.DeniedRoute, &c.DeniedCertificate} {
			*n = r.Uint64() >> r.UintN(64)
		}
		for i := range c.Latency {
			if r.IntN(4) == 0 {
				c.Latency[i] = uint64(r.IntN(1000))
			}
		}
		quantiles := 0
		for _, m := range metrics(&c, Seconds, time.Minute) {
			if m.Value.Sign() < 0 {
				t.Errorf("seed %d: %s is %s", seed, m.Name, m.Value.String())
			}
			if m.Unit != "" {
				quantiles++
			}
		}
		if want := map[bool]int{true: 3, false: 0}[c.Latency.Count() > 0]; quantiles != want {
			t.Errorf("seed %d: %d quantiles, want %d", seed, quantiles, want)
		}
	}
	for _, m := range metrics(&figures.Counts{}, Seconds, time.Minute) {
		if !m.Value.IsZero() || m.Unit != "" {
			t.Errorf("without traffic %s is %s", m.Name, m.Value.String())
		}
	}
}

// A namespace of a large mesh: 1,000 pods with 20 peers each.
func BenchmarkListOfANamespace(b *testing.B) {
	q := Question{Namespace: "shop", Window: 30 * time.Second, End: end, Cluster: Cluster{Objects: map[string]map[model.Key]Labels{"deployments": {}}}}
	var rows []figures.Row
	for p := range 1000 {
		name := fmt.Sprintf("app-%d", p%100)
		pod := Pod{Key: key("shop", fmt.Sprintf("pod-%d", p)), Workload: model.Workload{Kind: "deployments", Name: name}}
		q.Cluster.Pods = append(q.Cluster.Pods, pod)
		q.Cluster.Objects["deployments"][key("shop", name)] = nil
		for e := range 20 {
			rows = append(rows, received5(pod.Name, name, workload("deployments", "shop", fmt.Sprintf("app-%d", e)), "spiffe://c", 5, 1))
		}
	}
	q.Rows = each(rows)
	b.ReportAllocs()
	for b.Loop() {
		if n := len(q.List(resourceOf("deployments"))); n != 100 {
			b.Fatal(n)
		}
	}
}
