package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/weft-mesh/weft/internal/figures"
)

// asWeft has the test's binary be weft, so that weft's cost is that of a process
// of its own.
const asWeft = "WEFT_TEST_AS_WEFT"

var warm = flag.Duration("warm", 20*time.Second, "how long weft-metrics reads sidecars before its cost is measured; after 6m it keeps all that it ever will")

func TestMain(m *testing.M) {
	if os.Getenv(asWeft) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const (
	costPods  = 1000
	costEdges = 20
)

// BenchmarkMetrics is the cost of `weft metrics` with 1,000 simulated sidecars of
// 20 edges each, that all have traffic: the memory of the process, its CPU, and
// how long one waits for a list of the namespace that they are all in.
func BenchmarkMetrics(b *testing.B) {
	assets := cmp.Or(os.Getenv("KUBEBUILDER_ASSETS"), filepath.Join("..", "..", "bin"))
	if _, err := os.Stat(filepath.Join(assets, "kube-apiserver")); err != nil {
		b.Skip("KUBEBUILDER_ASSETS names no kube-apiserver: make lab builds it")
	}
	env := &envtest.Environment{BinaryAssetsDirectory: assets}
	env.ControlPlane.GetAPIServer().Configure().Set("requestheader-client-ca-file", someCA(b))
	config, err := env.Start()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { env.Stop() })
	createPods(b, config)
	serveSidecars(b, costPods, costEdges)
	admin, err := env.AddUser(envtest.User{Name: "admin", Groups: []string{"system:masters"}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	kubeconfig, err := admin.KubeConfig()
	if err != nil {
		b.Fatal(err)
	}
	w := startMetrics(b, kubeconfig)
	for _, resource := range []string{"trafficmetrics", "deployments", "pods"} {
		b.Run(resource, func(b *testing.B) { w.measure(b, resource) })
	}
}

// someCA is a file of one; an API server that has none for its front proxy is
// no API server to weft-metrics.
func someCA(b *testing.B) string {
	b.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	file := filepath.Join(b.TempDir(), "ca.crt")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		b.Fatal(err)
	}
	return file
}

// createPods has ten pods of the mesh for each of a hundred Deployments.
func createPods(b *testing.B, config *rest.Config) {
	b.Helper()
	config = rest.CopyConfig(config)
	config.QPS = -1
	kube, err := client.New(config, client.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := kube.Create(b.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}); err != nil {
		b.Fatal(err)
	}
	var all errgroup.Group
	all.SetLimit(20)
	for i := range costPods / 10 {
		all.Go(func() error { return kube.Create(b.Context(), costDeployment(fmt.Sprintf("workload-%d", i))) })
	}
	for i := range costPods {
		all.Go(func() error {
			pod, status := costPod(i)
			if err := kube.Create(b.Context(), pod); err != nil {
				return err
			}
			pod.Status = status
			return kube.Status().Update(b.Context(), pod)
		})
	}
	if err := all.Wait(); err != nil {
		b.Fatal(err)
	}
}

func costDeployment(name string) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app"}}},
			},
		},
	}
}

func costPod(i int) (*corev1.Pod, corev1.PodStatus) {
	const hash = "7d4b9c6f5d"
	yes, app, ip := true, fmt.Sprintf("workload-%d", i/10), sidecarAddress(i).String()
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: fmt.Sprintf("%s-%s-%d", app, hash, i), Labels: map[string]string{"app": app, "pod-template-hash": hash},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: app + "-" + hash, UID: "x", Controller: &yes}},
		},
		Spec: corev1.PodSpec{
			NodeName:       fmt.Sprintf("node-%d", i%20),
			InitContainers: []corev1.Container{{Name: "weft-proxy", Image: "envoy"}}, Containers: []corev1.Container{{Name: "app", Image: "app"}},
		},
	}, corev1.PodStatus{Phase: corev1.PodRunning, PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}}}
}

// metricsProcess is a running `weft metrics`.
type metricsProcess struct {
	pid  int
	http *http.Client
	// api is where it answers, own where its own metrics are.
	api, own string
	// reading is the CPU, in percent of one, that it takes while nobody asks.
	reading float64
}

func startMetrics(b *testing.B, kubeconfig []byte) *metricsProcess {
	b.Helper()
	file := filepath.Join(b.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, kubeconfig, 0o600); err != nil {
		b.Fatal(err)
	}
	secure, own := freePort(b), freePort(b)
	ctx, stop := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, os.Args[0], "metrics", "--authentication-kubeconfig="+file, //nolint:gosec // it is this binary
		"--secure-port="+secure, "--metrics-address=127.0.0.1:"+own, "--health-address=0", "--query-address=127.0.0.1:"+freePort(b))
	command.Env = append(os.Environ(), asWeft+"=1", "KUBECONFIG="+file)
	var log bytes.Buffer
	command.Stderr = &log
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stop()
		_ = command.Wait() // it was killed
		if b.Failed() {
			b.Log(log.String())
		}
	})
	config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	if err != nil {
		b.Fatal(err)
	}
	config.TLSClientConfig.CAData, config.Insecure = nil, true
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		b.Fatal(err)
	}
	w := &metricsProcess{pid: command.Process.Pid, http: client, api: "https://127.0.0.1:" + secure, own: "http://127.0.0.1:" + own}
	w.waitUntilWarm(b)
	return w
}

func freePort(b *testing.B) string {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

// waitUntilWarm waits until each sidecar was read as often as it is in that time.
func (w *metricsProcess) waitUntilWarm(b *testing.B) {
	b.Helper()
	var begin time.Time
	var cpu time.Duration
	for tick := time.NewTicker(time.Second); ; <-tick.C {
		text, err := w.get(w.own + "/metrics")
		if err != nil {
			continue
		}
		rounds := counter(text, `weft_figures_readings_total{outcome="read"}`) / costPods
		if begin.IsZero() && rounds >= 1 {
			begin, cpu = time.Now(), w.cpu(b)
		}
		if rounds >= max(2, float64(*warm/figures.DefaultInterval)) {
			w.reading = percent(w.cpu(b)-cpu, time.Since(begin))
			return
		}
	}
}

func counter(text []byte, name string) float64 {
	_, rest, _ := strings.Cut(string(text), "\n"+name+" ")
	number, _, _ := strings.Cut(rest, "\n")
	n, _ := strconv.ParseFloat(number, 64)
	return n
}

func (w *metricsProcess) get(url string) ([]byte, error) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json,*/*")
	response, err := w.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return body, err
}

// measure asks ten times a second, as many people would.
func (w *metricsProcess) measure(b *testing.B, resource string) {
	var times []time.Duration
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	begin, cpu := time.Now(), w.cpu(b)
	for b.Loop() {
		<-tick.C
		start := time.Now()
		list, err := w.get(w.api + "/apis/metrics.smi-spec.io/v1alpha1/namespaces/shop/" + resource)
		if err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(start))
		if len(list) < 100*100 {
			b.Fatalf("%s", list)
		}
	}
	slices.Sort(times)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(milliseconds(times[len(times)/2]), "p50-ms")
	b.ReportMetric(milliseconds(times[len(times)*99/100]), "p99-ms")
	b.ReportMetric(percent(w.cpu(b)-cpu, time.Since(begin)), "%cpu-asked")
	b.ReportMetric(w.reading, "%cpu-unasked")
	b.ReportMetric(w.memory(b, "RssAnon"), "MiB-anonymous")
	b.ReportMetric(w.memory(b, "VmRSS"), "MiB-resident")
	b.ReportMetric(w.memory(b, "VmHWM"), "MiB-peak")
}

func percent(part, whole time.Duration) float64 { return 100 * part.Seconds() / whole.Seconds() }

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// memory is a line of /proc/PID/status.
func (w *metricsProcess) memory(b *testing.B, name string) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n"+name+":")
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}

// cpu is what the process has used: the 14th and 15th fields of /proc/PID/stat,
// in hundredths of a second.
func (w *metricsProcess) cpu(b *testing.B) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", w.pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	ticks := 0
	for _, field := range strings.Fields(rest)[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
