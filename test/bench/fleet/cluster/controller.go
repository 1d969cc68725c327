package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// host is the name in the control plane's certificate.
const host = "weft-controller.weft-system.svc"

// APIServer is a Kubernetes of an API server and etcd: no kubelet, no
// controllers.
type APIServer struct {
	*envtest.Environment
	Kubeconfig string
}

// StartAPIServer starts one with weft's CRDs: assets is where its programs are,
// root weft's sources.
func StartAPIServer(dir, root, assets string) (*APIServer, error) {
	env := &envtest.Environment{
		BinaryAssetsDirectory: assets, CRDDirectoryPaths: []string{filepath.Join(root, "config", "crd")}, ErrorIfCRDPathMissing: true,
	}
	env.ControlPlane.GetAPIServer().Configure().Set("service-cluster-ip-range", serviceCIDR)
	if _, err := env.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start an API server: %w", err), env.Stop())
	}
	admin, err := env.AddUser(envtest.User{Name: "admin", Groups: []string{"system:masters"}}, nil)
	if err != nil {
		return nil, err
	}
	text, err := admin.KubeConfig()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "kubeconfig")
	return &APIServer{env, file}, os.WriteFile(file, text, 0o600)
}

// Controller is a `weft controller` of its own process.
type Controller struct {
	Process
	binary, kubeconfig                  string
	xds, peer, webhook, metrics, health string
	pprof                               string
	log                                 *os.File
}

// NewController chooses ports for one.
func NewController(binary, dir, kubeconfig string) (*Controller, error) {
	c := &Controller{binary: binary, kubeconfig: kubeconfig}
	for _, port := range []*string{&c.xds, &c.peer, &c.webhook, &c.metrics, &c.health, &c.pprof} {
		var err error
		if *port, err = freePort(); err != nil {
			return nil, err
		}
	}
	var err error
	c.log, err = os.Create(filepath.Join(dir, "controller.log"))
	return c, err
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// Run runs the controller until it is ready to serve proxies.
func (c *Controller) Run(ctx context.Context) error {
	c.Process = Process{exec.Command(c.binary, "controller", "--xds-port="+c.xds, "--peer-port="+c.peer, "--webhook-port="+c.webhook, //nolint:gosec // the binary that is measured
		"--metrics-address=127.0.0.1:"+c.metrics, "--health-address=127.0.0.1:"+c.health, "--pprof-address=127.0.0.1:"+c.pprof,
		"--pod-name=weft-controller-0", "--pod-ip=127.0.0.1")}
	c.Env = append(os.Environ(), "KUBECONFIG="+c.kubeconfig)
	c.Stderr, c.Stdout = c.log, c.log
	if err := c.Start(); err != nil {
		return err
	}
	return Wait(ctx, "the controller to be ready", func() bool {
		_, err := c.get(c.health, "/readyz")
		return err == nil
	})
}

// Wait asks until the answer is yes.
func Wait(ctx context.Context, what string, done func() bool) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}

func (c *Controller) get(port, path string) ([]byte, error) {
	response, err := http.Get("http://127.0.0.1:" + port + path)
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

// Metric is the sum of a metric's series.
func (c *Controller) Metric(name string) (float64, error) {
	text, err := c.get(c.metrics, "/metrics")
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for line := range bytes.Lines(text) {
		rest, ok := strings.CutPrefix(string(line), name)
		if !ok || (rest[0] != ' ' && rest[0] != '{') {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(rest[strings.LastIndexByte(rest, ' ')+1:]), 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// Held is the memory of the process once garbage is gone: its RSS, when the
// runtime has given back what it will, and what of it is heap and stacks.
func (c *Controller) Held(ctx context.Context) (rss, live int64, err error) {
	const window, least = 2 * time.Second, 1 << 20
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(window)
	defer tick.Stop()
	for last := int64(0); ; last = rss {
		if _, err := c.Profile("heap?gc=1"); err != nil {
			return 0, 0, err
		}
		if rss, err = c.Memory("VmRSS"); err != nil {
			return 0, 0, err
		}
		if last > 0 && last-rss < least || ctx.Err() != nil {
			break
		}
		<-tick.C
	}
	heap, err1 := c.Metric("go_memstats_heap_alloc_bytes")
	stack, err2 := c.Metric("go_memstats_stack_inuse_bytes")
	return rss, int64(heap + stack), errors.Join(err1, err2)
}

// TLS trusts the control plane as a sidecar does.
func (c *Controller) TLS(ctx context.Context, kube client.Client) (*tls.Config, error) {
	secret := &corev1.Secret{}
	if err := kube.Get(ctx, client.ObjectKey{Namespace: system, Name: "weft-ca"}, secret); err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	for _, key := range []string{"ca.crt", corev1.TLSCertKey} {
		roots.AppendCertsFromPEM(secret.Data[key])
	}
	return &tls.Config{RootCAs: roots, ServerName: host, MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"}}, nil
}

// Address is where proxies connect to.
func (c *Controller) Address() string { return "127.0.0.1:" + c.xds }

// Profile is one of Go's profiles of the controller: "profile?seconds=5", "heap".
func (c *Controller) Profile(name string) ([]byte, error) {
	return c.get(c.pprof, "/debug/pprof/"+name)
}
