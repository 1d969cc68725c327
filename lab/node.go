package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// startLimit is far beyond the usual few seconds, for a machine that is very busy.
const startLimit = 3 * time.Minute

// node is the cluster, seen by the process that starts it.
type node struct {
	spec
	*supervisor
	pki *clusterPKI
	api *apiClient
}

// runNode starts the cluster's components, tells when they are ready, and then watches over them.
func runNode(s spec) error {
	unix.CloseOnExec(statusFD)
	unix.CloseOnExec(listenerFD)
	told := os.NewFile(statusFD, "status")
	n, err := newNode(s)
	if err == nil {
		err = n.startWithin(startLimit)
	}
	if err != nil {
		tell(told, status{Error: err.Error()})
		return errTold
	}
	tell(told, status{Ready: true})
	for e := range n.exits {
		fmt.Fprintln(os.Stderr, "lab:", e.Error())
	}
	return nil
}

func newNode(s spec) (*node, error) {
	if err := os.MkdirAll(s.Logs, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of logs: %w", err)
	}
	pki, err := newClusterPKI()
	if err != nil {
		return nil, err
	}
	api, err := newAPIClient(pki.ca.Cert, pki.pairs["admin"])
	if err != nil {
		return nil, err
	}
	return &node{
		spec: s, supervisor: newSupervisor(nodeDir, s.Logs), pki: pki, api: api,
	}, nil
}

// startWithin ends the start at the limit, or when a component ends.
func (n *node) startWithin(limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), limit, errors.New("it takes too long"))
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- n.start(ctx) }()
	select {
	case err := <-done:
		return err
	case e := <-n.exits:
		return e
	}
}

func (n *node) start(ctx context.Context) error {
	a := clusterAddresses(n.DualStack)
	if err := n.prepare(a); err != nil {
		return err
	}
	if err := n.startAll(etcd(n.bin()), apiServer(n.bin(), a), containerd()); err != nil {
		return err
	}
	// The others wait for the API server themselves too, but less eagerly than this. The kubelet needs no role that
	// the API server is still making before it is ready.
	if err := n.api.waitServing(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, n.logTails(3))
	}
	if err := n.startAll(kubelet(n.bin(), a)); err != nil {
		return err
	}
	if err := n.api.waitReady(ctx); err != nil {
		return err
	}
	if err := n.startAll(controllerManager(n.bin()), scheduler(n.bin()), kubeProxy(n.bin())); err != nil {
		return err
	}
	if err := n.deploy(ctx); err != nil {
		return err
	}
	if err := n.open(); err != nil {
		return err
	}
	return os.WriteFile(readyFile(n.Name), nil, 0o644)
}

// prepare writes all that the components read.
func (n *node) prepare(a addresses) error {
	if err := setUpNetwork(a); err != nil {
		return err
	}
	if err := n.pki.write(nodeDir); err != nil {
		return err
	}
	for _, dir := range []string{"cni", "volume-plugins"} {
		if err := os.MkdirAll(at(dir), 0o755); err != nil {
			return err
		}
	}
	if err := mountStore(n.Store, containerdDir, at("content")); err != nil {
		return err
	}
	return n.writeConfigs(a)
}

func (n *node) writeConfigs(a addresses) error {
	coredns, err := corednsImage(n.layout)
	if err != nil {
		return err
	}
	values := map[string]any{
		"Dir": nodeDir, "Root": containerdDir, "Run": containerdRun, "Logs": n.Logs,
		"Pause": pauseImage, "CoreDNS": coredns, "Bridge": bridgeName, "PodNetworks": a.pods, "DNS": dnsAddress,
		"CNIBin": filepath.Join(n.bin(), "cni"), "CNIConfig": at("cni"), "CgroupRoot": "/" + cgroupName(n.Name),
	}
	files := map[string]string{
		"containerd.toml.tmpl": "containerd.toml", "cni.conflist.tmpl": "cni/10-lab.conflist",
		"kubelet.yaml.tmpl": "kubelet.yaml", "kube-proxy.yaml.tmpl": "kube-proxy.yaml", "dns.yaml.tmpl": "dns.yaml",
	}
	for template, file := range files {
		if err := writeTemplate(at(file), template, values); err != nil {
			return err
		}
	}
	// CoreDNS takes the node's resolver; there is none, since no packet leaves the cluster.
	return os.WriteFile(at("resolv.conf"), []byte("nameserver 127.0.0.1\n"), 0o644)
}

func (n *node) startAll(components ...component) error {
	for _, c := range components {
		if err := n.supervisor.start(c); err != nil {
			return err
		}
	}
	return nil
}

// deploy starts the pods that the cluster is to have, and waits for them all at once.
func (n *node) deploy(ctx context.Context) error {
	if _, err := n.kubectl(ctx, "create", "--validate=false", "-f", at("dns.yaml")); err != nil {
		return err
	}
	if n.Mesh {
		if err := n.applyMesh(ctx); err != nil {
			return err
		}
	}
	if err := n.waitCluster(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, n.logTails(3))
	}
	if n.Mesh {
		return n.waitMesh(ctx)
	}
	return nil
}

// waitCluster waits for what a user's first pod needs.
func (n *node) waitCluster(ctx context.Context) error {
	if err := n.api.waitCondition(ctx, "/api/v1/nodes/"+nodeName, "Ready"); err != nil {
		return err
	}
	if err := n.api.waitExists(ctx, "/api/v1/namespaces/default/serviceaccounts/default"); err != nil {
		return err
	}
	return n.api.waitCondition(ctx, "/apis/apps/v1/namespaces/kube-system/deployments/coredns", "Available")
}

// open lets the host in, if the cluster is to stay.
func (n *node) open() error {
	if !n.Stay {
		return nil
	}
	listener, err := inheritedListener(listenerFD)
	if err != nil {
		return err
	}
	config := kubeconfig("https://"+listener.Addr().String(), n.pki.ca.Cert, n.pki.pairs["admin"])
	if err := os.WriteFile(kubeconfigFile(n.Name), config, 0o600); err != nil {
		return fmt.Errorf("write the host's kubeconfig: %w", err)
	}
	go forward(listener, "127.0.0.1:6443")
	return nil
}

// kubectl returns what kubectl prints.
func (n *node) kubectl(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(n.bin(), "kubectl"), args...)
	cmd.Dir = nodeDir
	cmd.Env = append(os.Environ(), "KUBECONFIG="+adminKubeconfig, "KUBECACHEDIR="+at("kubectl-cache"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("kubectl %s: %w\n%s", strings.Join(args, " "), err, lastLines(string(out), 20))
	}
	return string(out), nil
}
