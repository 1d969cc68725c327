package webhooks

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/model"
)

var update = flag.Bool("update", false, "rewrite the goldens and delete those without a case")

var (
	enabled  = map[string]string{v1alpha1.LabelInject: v1alpha1.InjectEnabled}
	shop     = Namespace{Name: "shop", Labels: enabled}
	settings = Settings{Version: "v0.1.0", Image: "docker.io/weftmesh/weft:v0.1.0", HookKey: func() []byte { return []byte("key") }}
)

// TestGoldens: testdata/<behaviour>/pod.yaml becomes injected.yaml, which is the
// pod below the warnings it raises. Every case is injected twice. namespace.yaml
// has the namespace with its LimitRanges and ResourceQuotas, and the MeshConfig.
// others.yaml is a JSON patch of what others do to the injected pod, before weft
// is asked again: the outcome is reinjected.yaml. older.yaml says which weft
// injected it at first.
func TestGoldens(t *testing.T) {
	cases, err := filepath.Glob("testdata/*")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, dir := range cases {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() || filepath.Base(dir) == "fuzz" {
			continue
		}
		t.Run(filepath.Base(dir), func(t *testing.T) {
			input, err := os.ReadFile(filepath.Join(dir, "pod.yaml"))
			if os.IsNotExist(err) && *update {
				if err := os.RemoveAll(dir); err != nil {
					t.Fatal(err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var pod corev1.Pod
			if err := yaml.UnmarshalStrict(input, &pod); err != nil {
				t.Fatal(err)
			}
			namespace, settings := surroundings(t, dir)
			first := settings
			optional(t, filepath.Join(dir, "older.yaml"), &first)
			injected := injectIn(t, &pod, namespace, first)
			compare(t, filepath.Join(dir, "injected.yaml"), render(t, injected))
			var others any
			if !optional(t, filepath.Join(dir, "others.yaml"), &others) {
				return
			}
			again := injectIn(t, changed(t, injected.Pod, others), namespace, settings)
			compare(t, filepath.Join(dir, "reinjected.yaml"), render(t, again))
		})
	}
}

// optional reads a file that a case may have.
func optional(t *testing.T, file string, into any) bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return false
	}
	if err == nil {
		err = yaml.UnmarshalStrict(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return true
}

// surroundings are those of a case, and shop where it has none.
func surroundings(t *testing.T, dir string) (Namespace, Settings) {
	t.Helper()
	var file struct {
		Annotations map[string]string
		LimitRanges []corev1.LimitRange
		Quotas      []corev1.ResourceQuota
		Sidecar     v1alpha1.Sidecar
	}
	optional(t, filepath.Join(dir, "namespace.yaml"), &file)
	namespace, with := shop, settings
	namespace.Annotations, namespace.LimitRanges, namespace.Quotas = file.Annotations, file.LimitRanges, file.Quotas
	with.sidecar = file.Sidecar
	return namespace, with
}

// changed is the pod after a JSON patch.
func changed(t *testing.T, pod *corev1.Pod, patch any) *corev1.Pod {
	t.Helper()
	raw, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	ops, err := json.Marshal(patch)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := jsonpatch.DecodePatch(ops)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err = decoded.Apply(raw); err != nil {
		t.Fatal(err)
	}
	var out corev1.Pod
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return &out
}

// inject gives what became of a pod, having seen that doing it again changes
// nothing and that the argument is untouched.
func inject(t *testing.T, pod *corev1.Pod) Injection {
	t.Helper()
	return injectIn(t, pod, shop, settings)
}

func injectIn(t *testing.T, pod *corev1.Pod, shop Namespace, settings Settings) Injection {
	t.Helper()
	before := pod.DeepCopy()
	once, err := Inject(pod, shop, settings)
	if err != nil {
		t.Fatal(err)
	}
	if !equality.Semantic.DeepEqual(before, pod) {
		t.Errorf("the argument changed: %s", cmp.Diff(before, pod))
	}
	if once.Pod == nil {
		t.Fatalf("skipped: %s", once.Skipped)
	}
	twice, err := Inject(once.Pod, shop, settings)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(once.Pod, twice.Pod); diff != "" {
		t.Errorf("injecting twice changes: %s", diff)
	}
	if ops := podPatch(once.Pod, twice.Pod); len(ops) != 0 {
		t.Errorf("injecting twice patches: %v", ops)
	}
	return once
}

func render(t *testing.T, injection Injection) string {
	t.Helper()
	pod := injection.Pod.DeepCopy()
	delete(pod.Annotations, AnnotationParts) // hashes, which say nothing to a reader
	out, err := yaml.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	var head strings.Builder
	for _, w := range injection.Warnings {
		head.WriteString("# warning: " + w + "\n")
	}
	return head.String() + string(out)
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got), -update rewrites it:\n%s", file, diff)
	}
}

// Trap 54: a pod of the node network is left alone, and somebody is told.
func TestSkip(t *testing.T) {
	tests := map[string]struct {
		namespace Namespace
		pod       corev1.Pod
		want      string
		event     bool
	}{
		"namespace without label":  {Namespace{Name: "other"}, corev1.Pod{}, SkipNotEnabled, false},
		"namespace disabled":       {Namespace{Name: "other", Labels: map[string]string{v1alpha1.LabelInject: v1alpha1.InjectDisabled}}, corev1.Pod{}, SkipNotEnabled, false},
		"kube-system, labelled":    {Namespace{Name: "kube-system", Labels: enabled}, corev1.Pod{}, SkipSystem, false},
		"weft-system, labelled":    {Namespace{Name: "weft-system", Labels: enabled}, corev1.Pod{}, SkipSystem, false},
		"pod label wins":           {shop, corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{v1alpha1.LabelInject: v1alpha1.InjectDisabled}}}, SkipDisabled, false},
		"pod label can't opt in":   {Namespace{Name: "other"}, corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: enabled}}, SkipNotEnabled, false},
		"static pod":               {shop, corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{corev1.MirrorPodAnnotationKey: "x"}}}, SkipMirror, false},
		"node network":             {shop, corev1.Pod{Spec: corev1.PodSpec{HostNetwork: true}}, SkipHostNetwork, true},
		"Windows":                  {shop, corev1.Pod{Spec: corev1.PodSpec{OS: &corev1.PodOS{Name: corev1.Windows}}}, SkipWindows, true},
		"node network, but unmesh": {Namespace{Name: "other"}, corev1.Pod{Spec: corev1.PodSpec{HostNetwork: true}}, SkipNotEnabled, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Inject(&test.pod, test.namespace, settings)
			if err != nil {
				t.Fatal(err)
			}
			if got.Pod != nil || got.Skipped != test.want || (got.Event != "") != test.event {
				t.Errorf("got %+v, want skipped %s, event %v", got, test.want, test.event)
			}
		})
	}
}

func TestRefusalNamesAnnotationValueAndMend(t *testing.T) {
	tests := map[string]struct {
		annotation, value, mend string
	}{
		"inbound port":   {v1alpha1.AnnotationExcludeInboundPorts, "80,70000", "1 to 65535"},
		"outbound port":  {v1alpha1.AnnotationExcludeOutboundPorts, "53/sctp", "/udp"},
		"CIDR":           {v1alpha1.AnnotationExcludeOutboundCIDRs, "192.0.2.9/24", "192.0.2.0/24"},
		"drain":          {v1alpha1.AnnotationDrainSeconds, "soon", "seconds"},
		"drain too long": {v1alpha1.AnnotationDrainSeconds, "31", "terminationGracePeriodSeconds (30)"},
		"concurrency":    {AnnotationProxyConcurrency, "0", "1 to 128"},
		"CPU":            {AnnotationProxyCPU, "-1", "100m"},
		"memory":         {AnnotationProxyMemory, "64", "512Mi"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{test.annotation: test.value}}}
			got, err := Inject(pod, shop, settings)
			if err == nil || got.Pod != nil {
				t.Fatalf("got %+v, want a refusal", got)
			}
			for _, want := range []string{test.annotation, `"` + test.value + `"`, test.mend} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not hold %q", err, want)
				}
			}
		})
	}
}

func TestRefusesItsOwnNames(t *testing.T) {
	tests := map[string]corev1.PodSpec{
		"container": {Containers: []corev1.Container{{Name: v1alpha1.ProxyContainer}}},
		"volume":    {Volumes: []corev1.Volume{{Name: Volume}}},
	}
	for name, spec := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := Inject(&corev1.Pod{Spec: spec}, shop, settings); err == nil || !strings.Contains(err.Error(), "rename the "+name) {
				t.Errorf("got %+v, %v; want a refusal", got, err)
			}
		})
	}
}

// Trap 59: a container that runs as the sidecar's user is warned of.
func TestWarnings(t *testing.T) {
	tests := map[string]struct {
		pod  corev1.Pod
		want string
	}{
		"container as the sidecar's user": {corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{
			{Name: "app", SecurityContext: &corev1.SecurityContext{RunAsUser: ptr[int64](15000)}},
		}}}, `container "app" runs as user 15000`},
		"init container as the sidecar's user": {corev1.Pod{Spec: corev1.PodSpec{
			SecurityContext: &corev1.PodSecurityContext{RunAsUser: ptr[int64](15000)},
			InitContainers:  []corev1.Container{{Name: "fetch"}},
		}}, `container "fetch" runs as user 15000`},
		"port of the sidecar": {corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{
			{Name: "app", Ports: []corev1.ContainerPort{{ContainerPort: 15001}}},
		}}}, "port 15001"},
		"misspelt annotation": {corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"weft.mesh/exclude-ports": "1"}}}, "weft.mesh/exclude-ports"},
		"misspelt label":      {corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{v1alpha1.LabelInject: "false"}}}, "write disabled"},
		"own name servers":    {corev1.Pod{Spec: corev1.PodSpec{DNSPolicy: corev1.DNSNone}}, "dnsPolicy"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := inject(t, &test.pod)
			if !slices.ContainsFunc(got.Warnings, func(w string) bool { return strings.Contains(w, test.want) }) {
				t.Errorf("no warning of %q holds %q", got.Warnings, test.want)
			}
		})
	}
	if got := inject(t, &corev1.Pod{Spec: corev1.PodSpec{
		SecurityContext: &corev1.PodSecurityContext{RunAsUser: ptr[int64](15000)},
		Containers:      []corev1.Container{{Name: "app", SecurityContext: &corev1.SecurityContext{RunAsUser: ptr[int64](1)}}},
	}}); len(got.Warnings) != 0 {
		t.Errorf("a container with a user of its own is warned of: %q", got.Warnings)
	}
}

// TestACopyKeepsItsProbes: a copy that kept the annotation keeps what the
// sidecar answers, under the container's new name.
// Trap 60: a copy that was injected before keeps its probes.
func TestACopyKeepsItsProbes(t *testing.T) {
	pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{
		Name:          "app",
		LivenessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 9090}}},
	}}}}
	copied := inject(t, pod).Pod
	copied.Spec.Containers[0].Name = "copy"
	again := inject(t, copied).Pod
	var probes []model.Probe
	if err := json.Unmarshal([]byte(again.Annotations[v1alpha1.AnnotationProbes]), &probes); err != nil {
		t.Fatal(err)
	}
	if len(probes) != 1 || probes[0].Kind != model.ProbeGRPC || probes[0].Port != 9090 || probes[0].Path != "/weft-probe/copy/liveness" {
		t.Errorf("got %+v", probes)
	}
	if got := again.Spec.Containers[0].LivenessProbe.HTTPGet.Path; got != "/weft-probe/copy/liveness" {
		t.Errorf("the kubelet asks for %s", got)
	}
}

func TestRequestTarget(t *testing.T) {
	for path, want := range map[string]string{
		"": "/", "/": "/", "ok": "/ok", "/ok?a=b&c": "/ok?a=b&c", "?q": "/?q", "/a%2Fb": "/a%2Fb", "/x#y": "/x", "%zz": "/%25zz", "//h/p": "/p",
	} {
		if got := requestTarget(path); got != want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
	}
}

func TestHooksNeedAKey(t *testing.T) {
	pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Lifecycle: &corev1.Lifecycle{
		PreStop: &corev1.LifecycleHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/stop", Port: intstr.FromInt32(8080)}},
	}}}}}
	hook := func(pod *corev1.Pod) *corev1.HTTPGetAction { return pod.Spec.Containers[0].Lifecycle.PreStop.HTTPGet }

	here, err := Inject(pod, shop, settings)
	if err != nil {
		t.Fatal(err)
	}
	there, err := Inject(pod, Namespace{Name: "elsewhere", Labels: enabled}, settings)
	if err != nil {
		t.Fatal(err)
	}
	if hook(here.Pod).Path == hook(there.Pod).Path || !strings.HasPrefix(hook(here.Pod).Path, "/weft-probe/app/prestop/") {
		t.Errorf("the paths are %s and %s", hook(here.Pod).Path, hook(there.Pod).Path)
	}

	without := settings
	without.HookKey = nil
	got, err := Inject(pod, shop, without)
	if err != nil {
		t.Fatal(err)
	}
	if hook(got.Pod).Path != "/stop" || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "port 8080 without an identity") {
		t.Errorf("got %+v, warnings %q", hook(got.Pod), got.Warnings)
	}
}
