package kube

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/model"
)

func pod(change func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-0"},
		Spec:       corev1.PodSpec{ServiceAccountName: "web"},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "10.1.0.1", PodIPs: []corev1.PodIP{{IP: "10.1.0.1"}, {IP: "fd00::1"}}},
	}
	if change != nil {
		change(p)
	}
	return p
}

func fragment(change func(*model.Pod)) *model.Pod {
	p := &model.Pod{
		Key:       model.Key{Namespace: "shop", Name: "web-0"},
		Addresses: []netip.Addr{ip("10.1.0.1"), ip("fd00::1")},
		Identity:  model.Identity{Namespace: "shop", Name: "web"},
		Workload:  model.Workload{Kind: "pods", Name: "web-0"},
	}
	if change != nil {
		change(p)
	}
	return p
}

func inMesh(p *corev1.Pod) {
	p.Spec.InitContainers = []corev1.Container{{Name: "weft-init"}, {Name: "weft-proxy"}}
}

// Trap 30: no account given is the account default.
// Trap 54: a pod of the node network has no address of its own.
func TestPod(t *testing.T) {
	tests := map[string]struct {
		pod  *corev1.Pod
		want *model.Pod
	}{
		"plain":       {pod(nil), fragment(nil)},
		"in the mesh": {pod(inMesh), fragment(func(p *model.Pod) { p.Meshed = true })},
		"UDP that passes by": {pod(func(p *corev1.Pod) {
			inMesh(p)
			p.Annotations = map[string]string{"weft.mesh/exclude-inbound-ports": "9100, 53/UDP,80/tcp,53"}
		}), fragment(func(p *model.Pod) { p.Meshed, p.OpenUDP = true, []uint16{53, 9100} })},
		"ports that have a name": {pod(func(p *corev1.Pod) {
			p.Spec.Containers = []corev1.Container{
				{Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 8080}, {ContainerPort: 9000}, {Name: "dns", ContainerPort: 53, Protocol: corev1.ProtocolUDP}}},
				{Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 8081}, {Name: "admin", ContainerPort: 9090, Protocol: corev1.ProtocolTCP}, {Name: "sctp", ContainerPort: 1, Protocol: corev1.ProtocolSCTP}}},
			}
			p.Spec.InitContainers = []corev1.Container{{Ports: []corev1.ContainerPort{{Name: "side", ContainerPort: 7070}}}}
		}), fragment(func(p *model.Pod) {
			p.Ports = []model.TargetPort{{Name: "admin", Number: 9090}, {Name: "dns", Number: 53, UDP: true}, {Name: "side", Number: 7070}, {Name: "web", Number: 8080}}
		})},
		"a container is no proxy": {pod(func(p *corev1.Pod) { p.Spec.Containers = []corev1.Container{{Name: "weft-proxy"}} }), fragment(nil)},
		"no service account":      {pod(func(p *corev1.Pod) { p.Spec.ServiceAccountName = "" }), fragment(func(p *model.Pod) { p.Identity.Name = "default" })},
		"host network":            {pod(func(p *corev1.Pod) { inMesh(p); p.Spec.HostNetwork = true }), fragment(func(p *model.Pod) { p.Addresses = nil })},
		"succeeded":               {pod(func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }), nil},
		"failed":                  {pod(func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }), nil},
		"pending with an address": {pod(func(p *corev1.Pod) { p.Status.Phase = corev1.PodPending }), fragment(nil)},
		"no address yet":          {pod(func(p *corev1.Pod) { p.Status = corev1.PodStatus{} }), fragment(func(p *model.Pod) { p.Addresses = nil })},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, diagnostics := Pod(tc.pod)
			same(t, got, tc.want)
			if len(diagnostics) > 0 {
				t.Errorf("diagnostics %v", diagnostics)
			}
		})
	}
}

func TestWorkload(t *testing.T) {
	yes := true
	owner := func(kind, name string, labels map[string]string) *corev1.Pod {
		return pod(func(p *corev1.Pod) {
			p.Labels = labels
			p.OwnerReferences = []metav1.OwnerReference{{Kind: "Other", Name: "o"}, {Kind: kind, Name: name, Controller: &yes}}
		})
	}
	tests := map[string]struct {
		pod  *corev1.Pod
		want model.Workload
	}{
		"deployment":   {owner("ReplicaSet", "web-5d4f", map[string]string{"pod-template-hash": "5d4f"}), model.Workload{Kind: "deployments", Name: "web"}},
		"rollout":      {owner("ReplicaSet", "web-5d4f", map[string]string{"rollouts-pod-template-hash": "5d4f"}), model.Workload{Kind: "rollouts", Name: "web"}},
		"replica set":  {owner("ReplicaSet", "web-5d4f", nil), model.Workload{Kind: "replicasets", Name: "web-5d4f"}},
		"foreign hash": {owner("ReplicaSet", "web-5d4f", map[string]string{"pod-template-hash": "x"}), model.Workload{Kind: "replicasets", Name: "web-5d4f"}},
		"only a hash":  {owner("ReplicaSet", "-x", map[string]string{"pod-template-hash": "x"}), model.Workload{Kind: "replicasets", Name: "-x"}},
		"stateful set": {owner("StatefulSet", "db", nil), model.Workload{Kind: "statefulsets", Name: "db"}},
		"daemon set":   {owner("DaemonSet", "agent", nil), model.Workload{Kind: "daemonsets", Name: "agent"}},
		"job":          {owner("Job", "once", nil), model.Workload{Kind: "jobs", Name: "once"}},
		"static pod":   {owner("Node", "n1", nil), model.Workload{Kind: "pods", Name: "web-0"}},
		"nobody":       {pod(nil), model.Workload{Kind: "pods", Name: "web-0"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, _ := Pod(tc.pod)
			same(t, got.Workload, tc.want)
		})
	}
}

const aProbe = `{"path":"/weft-probe/app/liveness","kind":"http","port":8080,"target":"/healthz?x=1","period":10000000000,"timeout":1000000000}`

func TestProbes(t *testing.T) {
	one := model.Probe{Path: "/weft-probe/app/liveness", Kind: model.ProbeHTTP, Port: 8080, Target: "/healthz?x=1", Period: 10 * time.Second, Timeout: time.Second}
	two := model.Probe{Path: "/a", Kind: model.ProbeTCP, Port: 1, Period: 1, Timeout: 1}
	replace := func(old, new string) string { return "[" + strings.Replace(aProbe, old, new, 1) + "]" }
	tests := map[string]struct {
		text string
		want []model.Probe
		diag string // a part of the refusal
	}{
		"none":         {text: ""},
		"empty list":   {text: "[]"},
		"sorted":       {text: "[" + aProbe + `,{"path":"/a","kind":"tcp","port":1,"period":1,"timeout":1}]`, want: []model.Probe{two, one}},
		"garbage":      {text: "{", diag: "unexpected end of JSON"},
		"not a list":   {text: aProbe, diag: "cannot unmarshal object"},
		"unknown kind": {text: replace(`"http"`, `"exec"`), diag: `kind "exec" is not http`},
		"no port":      {text: replace("8080", "0"), diag: "there is no port"},
		"large port":   {text: replace("8080", "80800"), diag: "cannot unmarshal number"},
		"bad path":     {text: replace("/weft-probe/", "weft-probe/"), diag: "does not begin with /"},
		"bad target":   {text: replace("/healthz", "healthz"), diag: "does not begin with /"},
		"line break":   {text: replace("/healthz", `/a\r\nb`), diag: "not printable ASCII"},
		"no period":    {text: replace("10000000000", "0"), diag: "period 0s"},
		"long timeout": {text: replace("1000000000}", "100000000000000000}"), diag: "timeout"},
		"twice":        {text: "[" + aProbe + "," + aProbe + "]", diag: "is that of another"},
		"too many":     {text: "[" + strings.TrimSuffix(strings.Repeat(aProbe+",", 257), ",") + "]", diag: "257 probes"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, diagnostics := Pod(pod(func(p *corev1.Pod) {
				inMesh(p)
				p.Annotations = map[string]string{v1alpha1.AnnotationProbes: tc.text}
			}))
			same(t, got.Probes, tc.want)
			if tc.diag == "" {
				if len(diagnostics) > 0 {
					t.Errorf("diagnostics %v", diagnostics)
				}
				return
			}
			if len(diagnostics) != 1 || !strings.Contains(diagnostics[0].Message, tc.diag) || diagnostics[0].Object.Kind != model.KindPod {
				t.Errorf("got %v, want one with %q", diagnostics, tc.diag)
			}
		})
	}
}

func FuzzProbes(f *testing.F) {
	f.Add("[" + aProbe + "]")
	f.Fuzz(func(t *testing.T, text string) {
		found, diagnostics := probes(model.Ref{}, text)
		if len(diagnostics) > 0 && found != nil {
			t.Errorf("refused and in force: %v", found)
		}
		if err := checkProbes(found); err != nil {
			t.Error(err)
		}
	})
}
