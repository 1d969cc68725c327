package webhooks

import (
	"encoding/json"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/weft-mesh/weft/translators/kube"
)

// FuzzInject: any pod at all is either refused or injected; injecting it again
// changes nothing; and the patch, put on the very bytes that came in, gives the
// injected pod.
func FuzzInject(f *testing.F) {
	for _, seed := range podSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var pod corev1.Pod
		if json.Unmarshal(raw, &pod) != nil {
			return
		}
		// Field names of another case are fields to encoding/json and not to
		// the API server; only what it sends is of interest.
		raw, err := json.Marshal(&pod)
		if err != nil {
			return
		}
		once, err := Inject(&pod, shop, settings)
		if err != nil || once.Pod == nil {
			return
		}
		twice, err := Inject(once.Pod, shop, settings)
		if err != nil {
			t.Fatalf("refused the second time: %v", err)
		}
		if !equality.Semantic.DeepEqual(once.Pod, twice.Pod) {
			t.Errorf("injecting twice changes: %s", cmp.Diff(once.Pod, twice.Pod))
		}
		if got := patched(t, raw, &pod, once.Pod); !equality.Semantic.DeepEqual(got, roundTrip(t, once.Pod)) {
			t.Errorf("the patch differs: %s", cmp.Diff(roundTrip(t, once.Pod), got))
		}
		if !hasValidNames(&pod) {
			return
		}
		if _, diagnostics := kube.Pod(once.Pod); len(diagnostics) > 0 {
			t.Errorf("the controller does not take the probes: %v", diagnostics)
		}
	})
}

var podSeeds = []string{
	`{}`,
	`{"metadata":{"annotations":{"prometheus.io/scrape":"true","prometheus.io/port":"9102","prometheus.io/path":"m?$(X)","prometheus.io/scheme":"https"}},"spec":{"containers":[{"name":"a","ports":[{"containerPort":80}]}]}}`,
	`{"metadata":{"annotations":{"prometheus.io/scrape":"true","prometheus.io/port":"15020","weft.mesh/application-metrics":"http://:80/m"}},"spec":{"containers":[{"name":"a"}]}}`,
	`{"metadata":{"annotations":{"a":"b","weft.mesh/exclude-inbound-ports":"80,53/udp"}},"spec":{"containers":[{"name":"a","livenessProbe":{"httpGet":{"path":"/x","port":"http"}},"ports":[{"name":"http","containerPort":80}]}]}}`,
	`{"spec":{"initContainers":[{"name":"x"},{"name":"weft-proxy"},{"name":"weft-init"},{"name":"y","startupProbe":{"tcpSocket":{"port":1}}}],"volumes":[{"name":"v"},{"name":"weft","projected":{"sources":[{"serviceAccountToken":{"audience":"weft","path":"t"}}]}},{"name":"w"}]}}`,
	`{"spec":{"resources":{"requests":{"cpu":"1"},"limits":{"memory":"1Gi"}},"terminationGracePeriodSeconds":1,"containers":[{"name":"a","lifecycle":{"postStart":{"httpGet":{"port":80}}},"readinessProbe":{"grpc":{"port":9}}}]}}`,
	`{"metadata":{"namespace":"n"},"spec":{"initContainers":[{"name":"weft-init"},{"name":"weft-proxy"}],"containers":[{"name":"a","lifecycle":{"preStop":{"httpGet":{"path":"/\u00e9 ?","port":80,"httpHeaders":[{"name":"Host","value":"h"}]}}},"readinessProbe":{"httpGet":{"path":"?\u00e9","port":9,"scheme":"HTTPS"}},"livenessProbe":{"periodSeconds":999999,"grpc":{"port":9,"service":"a b"}}}]}}`,
	`{"metadata":{"annotations":{"weft.mesh/parts":"{\\"weft-init\\":{\\"image\\":\\"\\",\\"securityContext\\":\\"161b0b99\\",\\"args\\":\\"9b21a4c0\\"},\\"weft-proxy\\":{}}","weft.mesh/proxy-cpu-limit":"2","weft.mesh/init-memory-request":"1e3"}},"spec":{"initContainers":[{"name":"weft-init","image":"m/weft","resources":{"limits":{"cpu":"0.10","a.b/c":"1"},"claims":[{"name":"x"}]},"volumeMounts":[{"name":"k","mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}]},{"name":"weft-proxy","args":[],"restartPolicy":"Never","securityContext":{}},{"name":"weft-init"}],"resources":{"limits":{"cpu":"1"}}}}`,
	`{"metadata":{"annotations":{"weft.mesh/parts":"{\\"weft-proxy\\":null,\\"weft-init\\":{\\"resources.limits.memory\\":\\"ca59077d\\"}}"}},"spec":{"initContainers":[{"name":"weft-proxy"},{"name":"weft-init"}]}}`,
	`{"metadata":{"annotations":{"weft.mesh/probes":"[{\"path\":\"/weft-probe/a/liveness\",\"kind\":\"tcp\",\"port\":7}]"}},"spec":{"containers":[{"name":"a","livenessProbe":{"httpGet":{"path":"/weft-probe/a/liveness","port":15022}},"startupProbe":{"httpGet":{"path":"/weft-probe/b/startup",x}}}]}}`,
}

// hasValidNames tells whether the API server would take the containers' names.
func hasValidNames(pod *corev1.Pod) bool {
	seen := map[string]bool{}
	for _, c := range containers(&pod.Spec) {
		if seen[c.Name] || len(validation.IsDNS1123Label(c.Name)) > 0 {
			return false
		}
		seen[c.Name] = true
	}
	return true
}

// TestPatchKeepsWhatThisBuildDoesNotKnow: fields of a newer Kubernetes stay, and
// stay where they are.
func TestPatchKeepsWhatThisBuildDoesNotKnow(t *testing.T) {
	raw := `{"metadata":{"annotations":{"a":"b"}},"spec":{"novelty":1,
		"initContainers":[{"name":"weft-init","novelty":2},{"name":"mine","novelty":3}],
		"containers":[{"name":"app","novelty":4,"livenessProbe":{"tcpSocket":{"port":80}},"readinessProbe":{"telepathy":{"novelty":5}}}],
		"volumes":[{"name":"v","novelty":6}]}}`
	var pod corev1.Pod
	if err := json.Unmarshal([]byte(raw), &pod); err != nil {
		t.Fatal(err)
	}
	out := applied(t, []byte(raw), &pod, inject(t, &pod).Pod)
	for _, want := range []string{
		`"novelty":1`, `{"name":"mine","novelty":3}`, `"novelty":4`, `"readinessProbe":{"telepathy":{"novelty":5}}`, `{"name":"v","novelty":6}`,
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%s is gone from %s", want, out)
		}
	}
	if strings.Contains(string(out), `"novelty":2`) {
		t.Errorf("the stale container is still there: %s", out)
	}
}

func patched(t *testing.T, raw []byte, before, after *corev1.Pod) *corev1.Pod {
	t.Helper()
	var pod corev1.Pod
	if err := json.Unmarshal(applied(t, raw, before, after), &pod); err != nil {
		t.Fatal(err)
	}
	return &pod
}

func applied(t *testing.T, raw []byte, before, after *corev1.Pod) []byte {
	t.Helper()
	ops, err := json.Marshal(podPatch(before, after))
	if err != nil {
		t.Fatal(err)
	}
	patch, err := jsonpatch.DecodePatch(ops)
	if err != nil {
		t.Fatal(err)
	}
	out, err := patch.Apply(raw)
	if err != nil {
		t.Fatalf("%v: %s on %s", err, ops, raw)
	}
	return out
}

func roundTrip(t *testing.T, pod *corev1.Pod) *corev1.Pod {
	t.Helper()
	raw, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	var out corev1.Pod
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return &out
}
