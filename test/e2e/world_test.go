package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/test/traffic"
)

// world is a namespace and what a spec does in it.
type world struct{ namespace string }

// newWorld makes a meshed namespace with further labels, as in "weft.mesh/access=permissive".
func newWorld(ctx context.Context, labels ...string) world {
	GinkgoHelper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "e2e-", Labels: map[string]string{"weft.mesh/inject": "enabled"},
	}}
	for _, label := range labels {
		key, value, _ := strings.Cut(label, "=")
		ns.Labels[key] = value
	}
	Expect(mesh.Client.Create(ctx, ns)).To(Succeed())
	w := world{namespace: ns.Name}
	DeferCleanup(func() {
		ctx, cancel := cleanup()
		defer cancel()
		if CurrentSpecReport().Failed() {
			w.explain(ctx)
		}
		Expect(client.IgnoreNotFound(mesh.Client.Delete(ctx, ns))).To(Succeed())
	})
	return w
}

// apply applies YAML texts.
func (w world) apply(ctx context.Context, texts ...string) {
	GinkgoHelper()
	for _, text := range texts {
		Expect(mesh.Apply(ctx, w.namespace, text)).To(Succeed())
	}
}

// program applies SMI objects and waits until the proxies have them.
func (w world) program(ctx context.Context, texts ...string) {
	GinkgoHelper()
	w.apply(ctx, texts...)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, text := range texts {
		Expect(mesh.WaitProgrammed(ctx, w.namespace, text)).To(Succeed())
	}
}

// remove deletes the objects of YAML texts.
func (w world) remove(ctx context.Context, texts ...string) {
	GinkgoHelper()
	for _, text := range texts {
		Expect(mesh.Delete(ctx, w.namespace, text)).To(Succeed())
	}
}

// deploy applies workloads and waits until all pods of the namespace are ready.
func (w world) deploy(ctx context.Context, texts ...string) {
	GinkgoHelper()
	w.apply(ctx, texts...)
	w.settled(ctx)
}

// settled waits until all Deployments are rolled out, all pods are ready, and the Services that select them list them.
func (w world) settled(ctx context.Context) {
	GinkgoHelper()
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	Expect(mesh.WaitRollouts(ctx, w.namespace)).To(Succeed())
	Eventually(ctx, func(g Gomega) {
		var pods corev1.PodList
		g.Expect(mesh.Client.List(ctx, &pods, client.InNamespace(w.namespace))).To(Succeed())
		for _, pod := range pods.Items {
			g.Expect(pod.Status.Conditions).To(ContainElement(And(
				HaveField("Type", corev1.PodReady), HaveField("Status", corev1.ConditionTrue))), pod.Name)
		}
		w.endpointsListed(ctx, g, pods.Items)
	}).Should(Succeed())
}

// endpointsListed asserts that each Service has as many endpoints as it selects pods.
func (w world) endpointsListed(ctx context.Context, g Gomega, pods []corev1.Pod) {
	var services corev1.ServiceList
	g.Expect(mesh.Client.List(ctx, &services, client.InNamespace(w.namespace))).To(Succeed())
	for _, s := range services.Items {
		if len(s.Spec.Selector) == 0 {
			continue
		}
		selected, ready := sets.New[types.UID](), sets.New[types.UID]()
		for _, pod := range pods {
			if pod.DeletionTimestamp == nil && labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(pod.Labels)) {
				selected.Insert(pod.UID)
			}
		}
		var slices discoveryv1.EndpointSliceList
		g.Expect(mesh.Client.List(ctx, &slices, client.InNamespace(w.namespace), client.MatchingLabels{discoveryv1.LabelServiceName: s.Name})).To(Succeed())
		for _, slice := range slices.Items {
			for _, e := range slice.Endpoints {
				if e.TargetRef != nil && e.Conditions.Ready != nil && *e.Conditions.Ready {
					ready.Insert(e.TargetRef.UID)
				}
			}
		}
		g.Expect(ready.IsSuperset(selected)).To(BeTrue(), "Service %s lists %d of %d pods", s.Name, ready.Len(), selected.Len())
	}
}

// caller calls through a door of a pod.
func (w world) caller(pod string, door int) *traffic.Caller {
	GinkgoHelper()
	caller := traffic.NewCaller(w.forward(pod, door))
	DeferCleanup(caller.Close)
	return caller
}

// forward opens a local port that leads to a pod's.
func (w world) forward(pod string, port int) string {
	GinkgoHelper()
	address, stop, err := mesh.Forward(w.namespace, pod, port)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(stop)
	return address
}

// dial opens a connection through a door of a pod.
func (w world) dial(pod string, door int) net.Conn {
	GinkgoHelper()
	conn, err := net.Dial("tcp", w.forward(pod, door))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { conn.Close() })
	return conn
}

// echo sends a line over a connection to a server that echoes, and returns what came back.
func echo(conn net.Conn, line string) (string, error) {
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, line); err != nil {
		return "", err
	}
	answer := make([]byte, len(line))
	n, err := io.ReadFull(conn, answer)
	return string(answer[:n]), err
}

// echoes waits until a door of a pod leads to a server that echoes, and returns the connection. Envoy acknowledges a
// listener before all of its workers use it (docs/limits.md), so what was just allowed can be refused once more.
func (w world) echoes(ctx context.Context, pod string, door int) net.Conn {
	GinkgoHelper()
	address := w.forward(pod, door)
	var conn net.Conn
	Eventually(ctx, func() (string, error) {
		var err error
		if conn, err = net.Dial("tcp", address); err != nil {
			return "", err
		}
		answer, err := echo(conn, "hello\n")
		if err != nil {
			conn.Close()
		}
		return answer, err
	}).Should(Equal("hello\n"))
	DeferCleanup(func() { conn.Close() })
	return conn
}

// load runs fortio in a pod. The arguments end with the address.
func (w world) load(ctx context.Context, pod string, args ...string) traffic.Load {
	GinkgoHelper()
	load, err := w.tryLoad(ctx, pod, args...)
	Expect(err).NotTo(HaveOccurred())
	return load
}

func (w world) tryLoad(ctx context.Context, pod string, args ...string) (traffic.Load, error) {
	command := append([]string{"fortio", "load", "-json", "-", "-allow-initial-errors", "-loglevel", "error"}, args...)
	out, err := mesh.Exec(ctx, w.namespace, pod, "app", command...)
	if err != nil {
		return traffic.Load{}, err
	}
	return traffic.ParseLoad(out)
}

// under runs a load in a pod, does what is given once the load has begun, and returns the load's figures.
func (w world) under(ctx context.Context, pod string, args []string, do func()) traffic.Load {
	GinkgoHelper()
	type result struct {
		load traffic.Load
		err  error
	}
	done := make(chan result, 1)
	go func() {
		load, err := w.tryLoad(ctx, pod, args...)
		done <- result{load, err}
	}()
	do()
	var r result
	Eventually(ctx, done).WithTimeout(2 * patience).Should(Receive(&r))
	Expect(r.err).NotTo(HaveOccurred())
	return r.load
}

// explain writes down what the namespace looks like, for who reads why a spec failed.
func (w world) explain(ctx context.Context) {
	var pods corev1.PodList
	_ = mesh.Client.List(ctx, &pods, client.InNamespace(w.namespace))
	for _, pod := range pods.Items {
		GinkgoWriter.Printf("pod %s: %s %s\n", pod.Name, pod.Status.Phase, podProblem(pod))
		logs, err := mesh.Kube.CoreV1().Pods(w.namespace).
			GetLogs(pod.Name, &corev1.PodLogOptions{Container: "weft-proxy", TailLines: new(int64(15))}).DoRaw(ctx)
		if err == nil {
			GinkgoWriter.Printf("%s\n", logs)
		}
	}
	var events corev1.EventList
	_ = mesh.Client.List(ctx, &events, client.InNamespace(w.namespace))
	for _, e := range events.Items {
		if e.Type != corev1.EventTypeNormal {
			GinkgoWriter.Printf("event %s %s: %s: %s\n", e.InvolvedObject.Kind, e.InvolvedObject.Name, e.Reason, e.Message)
		}
	}
}

func podProblem(pod corev1.Pod) string {
	var problems []string
	for _, c := range pod.Status.Conditions {
		if c.Status != corev1.ConditionTrue && c.Message != "" {
			problems = append(problems, fmt.Sprintf("%s: %s", c.Type, c.Message))
		}
	}
	return strings.Join(problems, "; ")
}
