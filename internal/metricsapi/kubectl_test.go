package metricsapi

import (
	"bufio"
	"encoding/json"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	smiv1alpha1 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/metrics/v1alpha1"
	smiv1alpha2 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/metrics/v1alpha2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/internal/metricsapi/report"
)

const base = "/apis/metrics.smi-spec.io/v1alpha1"

// table is what was printed, with single blanks.
func table(out string) []string {
	var lines []string
	for line := range strings.Lines(out) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return lines
}

// Trap 66: what kubectl prints.
func TestKubectlPrintsTables(t *testing.T) {
	w := needWorld(t)
	tests := map[string][]string{
		"get trafficmetrics -A": {
			"NAMESPACE NAME SUCCESS RPS P50 P90 P99 WINDOW SHARE",
			"shop deployment.api - 0.0 - - - 30s",
			"shop deployment.web 95.71% 10.1 7.5ms 9.5ms 9.9ms 30s",
			"shop trafficsplit.canary.web-v1 100.00% 8.8 7.5ms 9.5ms 9.9ms 30s 88.0% of 90.0%",
			"shop trafficsplit.canary.web-v2 72.22% 1.2 7.5ms 9.5ms 9.9ms 30s 12.0% of 10.0%",
		},
		"get tm deployment.web -n shop -o wide": {
			"NAME SUCCESS RPS P50 P90 P99 WINDOW SHARE FAILED DENIED MISSING CONNECTIONS OPEN RECEIVED SENT",
			"deployment.web 95.71% 10.1 7.5ms 9.5ms 9.9ms 30s 13 3 certificate - - - -",
		},
		"get tm -n shop -l tier=back":                                         {"NAME SUCCESS RPS P50 P90 P99 WINDOW SHARE", "deployment.api - 0.0 - - - 30s"},
		"get tm -n shop --field-selector resource.kind=Pod -o name":           {"trafficmetrics.metrics.smi-spec.io/pod.api-1", "trafficmetrics.metrics.smi-spec.io/pod.web-1"},
		"get tm -n shop --field-selector metadata.name=pod.web-1 -o name":     {"trafficmetrics.metrics.smi-spec.io/pod.web-1"},
		"get tm -n shop --chunk-size 1 -o name":                               {"trafficmetrics.metrics.smi-spec.io/deployment.api", "trafficmetrics.metrics.smi-spec.io/deployment.web", "trafficmetrics.metrics.smi-spec.io/trafficsplit.canary.web-v1", "trafficmetrics.metrics.smi-spec.io/trafficsplit.canary.web-v2"},
		"get tm -n empty":                                                     {"No resources found in empty namespace."},
		"get deployments.metrics.smi-spec.io -n shop web":                     {"NAME SUCCESS RPS P50 P90 P99 WINDOW", "web 95.71% 10.1 7.5ms 9.5ms 9.9ms 30s"},
		"get deployments.metrics.smi-spec.io -n shop unmeshed":                {"NAME SUCCESS RPS P50 P90 P99 WINDOW", "unmeshed - 0.0 - - - 30s"},
		"get services.metrics.smi-spec.io -n shop":                            {"NAME SUCCESS RPS P50 P90 P99 WINDOW", "web 95.71% 10.1 7.5ms 9.5ms 9.9ms 30s"},
		"get namespaces.metrics.smi-spec.io":                                  {"NAME SUCCESS RPS P50 P90 P99 WINDOW", "shop 95.71% 10.1 7.5ms 9.5ms 9.9ms 30s"},
		"get nodes.metrics.smi-spec.io n1":                                    {"NAME SUCCESS RPS P50 P90 P99 WINDOW", "n1 95.71% 10.1 7.5ms 9.5ms 9.9ms 30s"},
		"get statefulsets.metrics.smi-spec.io -n shop":                        {"No resources found in shop namespace."},
		"get trafficsplits.metrics.smi-spec.io -n shop canary":                {"NAME WEIGHT ASKED SEEN SUCCESS RPS P50 P90 P99 WINDOW", "canary.web-v1 90 90.0% 88.0% 100.00% 8.8 7.5ms 9.5ms 9.9ms 30s", "canary.web-v2 10 10.0% 12.0% 72.22% 1.2 7.5ms 9.5ms 9.9ms 30s"},
		"get deployments.metrics.smi-spec.io -n shop web --subresource edges": {"FROM TO DIRECTION SIDE MTLS SUCCESS RPS P50 P90 P99 WINDOW", "(outside) shop/web from server no 0.00% 0.1 - - - 30s", "shop/api shop/web from server yes 96.67% 10.0 7.5ms 9.5ms 9.9ms 30s"},
		"get deployments.metrics.smi-spec.io -n shop api --subresource edges": {"FROM TO DIRECTION SIDE MTLS SUCCESS RPS P50 P90 P99 WINDOW", "shop/api shop/web to client yes 96.67% 10.0 7.5ms 9.5ms 9.9ms 30s"},
	}
	for args, want := range tests {
		t.Run(args, func(t *testing.T) {
			if diff := cmp.Diff(want, table(w.must(t, strings.Fields(args)...))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// Every path of the specification answers, in both versions.
func TestPathsOfTheSpecification(t *testing.T) {
	w := needWorld(t)
	names := map[string]string{
		"namespaces": "shop", "nodes": "n1", "pods": "web-1", "services": "web", "deployments": "web", "trafficsplits": "canary",
	}
	for _, version := range []string{"v1alpha1", "v1alpha2"} {
		for _, r := range report.Resources {
			collection := "/apis/metrics.smi-spec.io/" + version + "/"
			if r.Namespaced {
				w.raw(t, "all-traffic", collection+r.Name)
				collection += "namespaces/shop/"
			}
			paths := []string{collection + r.Name}
			if name := names[r.Name]; name != "" {
				paths = append(paths, collection+r.Name+"/"+name, collection+r.Name+"/"+name+"/edges")
			}
			for _, path := range paths {
				var got struct{ Kind, APIVersion string }
				if err := json.Unmarshal([]byte(w.raw(t, "all-traffic", path)), &got); err != nil {
					t.Fatalf("%s: %v", path, err)
				}
				if !strings.HasPrefix(got.Kind, "TrafficMetrics") || got.APIVersion != "metrics.smi-spec.io/"+version {
					t.Errorf("%s: %+v", path, got)
				}
			}
			for _, path := range []string{"/nobody", "/nobody/edges"} {
				out := w.raw(t, "all-traffic", collection+r.Name+path)
				if !strings.Contains(out, `"reason":"NotFound"`) || !strings.Contains(out, `\"nobody\" not found`) {
					t.Errorf("%s%s%s: %s", collection, r.Name, path, out)
				}
			}
		}
	}
}

// The types of smi-sdk-go read what is served.
func TestSDKReadsAnswers(t *testing.T) {
	w := needWorld(t)
	var edges smiv1alpha1.TrafficMetricsList
	if err := json.Unmarshal([]byte(w.raw(t, "all-traffic", base+"/namespaces/shop/deployments/api/edges")), &edges); err != nil {
		t.Fatal(err)
	}
	if len(edges.Items) != 1 || edges.Items[0].Edge.Direction != smiv1alpha1.To || edges.Items[0].Edge.Resource.Name != "web" {
		t.Errorf("edges: %v", edges.Items)
	}
	if m := edges.Items[0].Get("p99_response_latency"); m == nil || m.Unit != "seconds" || m.Value.String() != "9950u" {
		t.Errorf("p99 of v1alpha1: %v", m)
	}
	var splits smiv1alpha2.TrafficMetricsList
	if err := json.Unmarshal([]byte(w.raw(t, "all-traffic", "/apis/metrics.smi-spec.io/v1alpha2/namespaces/shop/trafficsplits/canary")), &splits); err != nil {
		t.Fatal(err)
	}
	if len(splits.Items) != 2 || *splits.Items[1].Backend != (smiv1alpha2.Backend{Apex: "web", Name: "web-v2", Weight: 10}) {
		t.Errorf("backends: %v", splits.Items)
	}
	m := splits.Items[0].Get("p99_response_latency")
	if m == nil || m.Unit != smiv1alpha2.MilliSeconds || m.Value.String() != "9950m" || splits.Items[0].Edge.Side != smiv1alpha2.Client {
		t.Errorf("p99 of v1alpha2: %v", m)
	}
}

func TestRefusalsNameTheParameter(t *testing.T) {
	w := needWorld(t)
	for query, want := range map[string]string{
		"t=1x":                `parameter t: "1x" is not a duration`,
		"t=":                  `parameter t: "" is not a duration`,
		"t=-5s":               `parameter t: "-5s" is shorter than 10s`,
		"t=1h":                `parameter t: "1h" is longer than the 5m0s that are kept`,
		"labelSelector=a==b=": `parameter labelSelector: "a==b="`,
		"fieldSelector=a":     `parameter fieldSelector: "a"`,
		"fieldSelector=a%3Db": `parameter fieldSelector: "a" is not a field`,
		"limit=many":          `parameter limit: "many" is not a number`,
		"limit=-1":            `parameter limit: "-1" is not a number`,
		"continue=xx":         `parameter continue: "xx" is not from a list`,
	} {
		t.Run(query, func(t *testing.T) {
			var got metav1.Status
			out := w.raw(t, "all-traffic", base+"/namespaces/shop/pods?"+query)
			if err := json.Unmarshal([]byte(out), &got); err != nil || got.Reason != metav1.StatusReasonBadRequest || !strings.Contains(got.Message, want) {
				t.Error(out)
			}
		})
	}
	if out := w.raw(t, "all-traffic", base+"/namespaces/shop/pods?t=2m&limit=1"); !strings.Contains(out, `"window":"2m0s"`) {
		t.Error(out)
	}
}

// Trap 66: who may read pods may not read their edges.
func TestRightsAreAskedFor(t *testing.T) {
	w := needWorld(t)
	if out := w.raw(t, "pods-only", base+"/namespaces/shop/pods/web-1"); !strings.Contains(out, `"kind":"TrafficMetrics"`) {
		t.Error(out)
	}
	for user, paths := range map[string][]string{
		"pods-only": {"/namespaces/shop/pods/web-1/edges", "/namespaces/shop/deployments", "/namespaces/empty/pods", "/pods", "/namespaces/shop/edges", "/namespaces"},
		"nobody":    {"/namespaces/shop/trafficmetrics", "/nodes"},
	} {
		for _, path := range paths {
			if out := w.raw(t, user, base+path); !strings.Contains(out, `"reason":"Forbidden"`) {
				t.Errorf("%s as %s: %s", path, user, out)
			}
		}
	}
}

func TestKubectlSaysWhatIsNotThere(t *testing.T) {
	out, err := needWorld(t).run("all-traffic", "", "get", "tm", "deployment.nobody", "-n", "shop")
	if err == nil || !strings.Contains(out, `Error from server (NotFound): trafficmetrics.metrics.smi-spec.io "deployment.nobody" not found`) {
		t.Errorf("%v %s", err, out)
	}
}

// Other kinds of the cluster keep their names for kubectl, and each of ours is
// found under its own.
//
// Trap 66: resources of one kind, of which kubectl finds the last alone.
func TestDiscovery(t *testing.T) {
	w := needWorld(t)
	if out := w.must(t, "api-resources", "--api-group", "metrics.smi-spec.io", "-o", "name"); len(table(out)) != len(report.Resources)+1 {
		t.Error(out)
	}
	out, err := w.run("admin", "", "get", "deployment", "web", "-n", "shop", "-o", "jsonpath={.apiVersion}")
	if err != nil || out != "apps/v1" {
		t.Errorf("%s %v", out, err)
	}
	for _, kind := range []string{"trafficmetrics", "deployments --api-version=metrics.smi-spec.io/v1alpha1"} {
		out, err := w.run("admin", "", append([]string{"explain"}, strings.Fields(kind)...)...)
		if err != nil || !strings.Contains(out, "how long it was") {
			t.Errorf("explain %s: %v %s", kind, err, out)
		}
	}
	for _, path := range []string{"/openapi/v2", "/openapi/v3/apis/metrics.smi-spec.io/v1alpha1"} {
		if !strings.Contains(w.raw(t, "admin", path), "io.smi-spec.metrics.TrafficMetricsList") {
			t.Errorf("%s lacks the API", path)
		}
	}
}

// kubectl get -w shows the next window too.
func TestKubectlWatches(t *testing.T) {
	w := needWorld(t)
	for _, args := range [][]string{
		{"get", "trafficmetrics", "deployment.web", "-n", "shop", "-w"},
		{"get", "--raw", base + "/namespaces/shop/deployments?watch=true&t=10s"},
	} {
		command := exec.CommandContext(t.Context(), w.kubectl, append([]string{"--kubeconfig", w.configs["all-traffic"], "--cache-dir", filepath.Join(w.dir, "cache")}, args...)...)
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		lines := readLines(out, 4, func() { w.clock.Step(figures.DefaultWindow) })
		command.Process.Kill()
		command.Wait()
		wanted := []string{"NAME", "deployment.web 95.71%", "deployment.web 95.71%", "deployment.web 95.71%"}
		if args[1] == "--raw" {
			wanted = []string{`{"type":"ADDED"`, `{"type":"ADDED"`, `{"type":"MODIFIED"`, `{"type":"MODIFIED"`}
		}
		for i, want := range wanted {
			if i >= len(lines) || !strings.Contains(lines[i], want) {
				t.Fatalf("kubectl %s: line %d is not %s: %q", args, i, want, lines)
			}
		}
		if slices.Contains(lines, "") {
			t.Errorf("empty lines: %q", lines)
		}
	}
}

// readLines reads some lines; step is called while there is none.
func readLines(from io.Reader, n int, step func()) []string {
	found := make(chan string)
	go func() {
		defer close(found)
		scanner := bufio.NewScanner(from)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			found <- strings.Join(strings.Fields(scanner.Text()), " ")
		}
	}()
	var lines []string
	for len(lines) < n {
		select {
		case line, ok := <-found:
			if !ok {
				return lines
			}
			lines = append(lines, line)
		case <-time.After(20 * time.Millisecond):
			step()
		}
	}
	go func() {
		for range found {
		}
	}()
	return lines
}
