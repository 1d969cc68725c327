package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// component is a program of the cluster.
type component struct {
	name, path string
	args       []string
}

// unthrottled lifts the limit of calls to the API server, which alone takes the controllers four seconds at the start.
var unthrottled = [2]string{"--kube-api-qps=500", "--kube-api-burst=1000"}

// at is a file in the node's own folder.
func at(name string) string { return filepath.Join(nodeDir, name) }

func etcd(bin string) component {
	const client, peer = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
	return component{name: "etcd", path: filepath.Join(bin, "etcd"), args: []string{
		"--data-dir=" + at("etcd"), "--unsafe-no-fsync",
		"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=default=" + peer,
	}}
}

func apiServer(bin string, a addresses) component {
	return component{name: "kube-apiserver", path: filepath.Join(bin, "kube-apiserver"), args: []string{
		"--etcd-servers=http://127.0.0.1:2379",
		"--secure-port=6443", "--bind-address=0.0.0.0", "--advertise-address=" + nodeAddress,
		"--tls-cert-file=" + at("apiserver.crt"), "--tls-private-key-file=" + at("apiserver.key"),
		"--client-ca-file=" + at("ca.crt"),
		"--service-cluster-ip-range=" + strings.Join(a.services, ","),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + at("sa.key"), "--service-account-signing-key-file=" + at("sa.key"),
		"--authorization-mode=Node,RBAC", "--allow-privileged=true",
		"--enable-admission-plugins=NodeRestriction",
		"--kubelet-client-certificate=" + at("admin.crt"), "--kubelet-client-key=" + at("admin.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--requestheader-client-ca-file=" + at("front-ca.crt"),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-username-headers=X-Remote-User",
		"--proxy-client-cert-file=" + at("front-proxy.crt"), "--proxy-client-key-file=" + at("front-proxy.key"),
		// The API server is no pod and has no route to a Service: it reaches webhooks by pod address.
		"--enable-aggregator-routing=true",
	}}
}

func controllerManager(bin string) component {
	config := at("kube-controller-manager.kubeconfig")
	return component{name: "kube-controller-manager", path: filepath.Join(bin, "kube-controller-manager"), args: []string{
		"--kubeconfig=" + config, "--authentication-kubeconfig=" + config, "--authorization-kubeconfig=" + config,
		"--service-account-private-key-file=" + at("sa.key"), "--root-ca-file=" + at("ca.crt"),
		"--cluster-signing-cert-file=" + at("ca.crt"), "--cluster-signing-key-file=" + at("ca.key"),
		"--use-service-account-credentials=true", "--leader-elect=false", unthrottled[0], unthrottled[1],
		"--flex-volume-plugin-dir=" + at("volume-plugins"),
	}}
}

func scheduler(bin string) component {
	config := at("kube-scheduler.kubeconfig")
	return component{name: "kube-scheduler", path: filepath.Join(bin, "kube-scheduler"), args: []string{
		"--kubeconfig=" + config, "--authentication-kubeconfig=" + config, "--authorization-kubeconfig=" + config,
		"--leader-elect=false", unthrottled[0], unthrottled[1],
	}}
}

func kubelet(bin string, a addresses) component {
	return component{name: "kubelet", path: filepath.Join(bin, "kubelet"), args: []string{
		"--kubeconfig=" + at("kubelet.kubeconfig"), "--config=" + at("kubelet.yaml"),
		"--hostname-override=" + nodeName, "--node-ip=" + strings.Join(a.nodes, ","),
		"--root-dir=" + kubeletDir, "--cert-dir=" + at("kubelet-pki"),
	}}
}

func kubeProxy(bin string) component {
	return component{name: "kube-proxy", path: filepath.Join(bin, "kube-proxy"), args: []string{
		"--config=" + at("kube-proxy.yaml"), "--hostname-override=" + nodeName,
	}}
}

func containerd() component {
	return component{name: "containerd", path: "containerd", args: []string{"--config=" + at("containerd.toml")}}
}

// exit reports that a component has ended, which none does by itself.
type exit struct {
	name, log string
	err       error
}

// Error shows the end of the component's log, where the reason stands.
func (e exit) Error() string {
	content, _ := os.ReadFile(e.log)
	return fmt.Sprintf("%s ended (%v); the end of its log:\n%s", e.name, e.err, shorten(lastLines(string(content), 20), 300))
}

// supervisor starts components and hears of their end.
type supervisor struct {
	dir, logs string
	exits     chan exit
}

// newSupervisor starts components in one folder, and writes their logs to another.
func newSupervisor(dir, logs string) *supervisor {
	return &supervisor{dir: dir, logs: logs, exits: make(chan exit, 16)}
}

func (s *supervisor) log(name string) string { return filepath.Join(s.logs, name+".log") }

func (s *supervisor) start(c component) error {
	log, err := os.Create(s.log(c.name))
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", c.name, err)
	}
	defer log.Close()
	cmd := exec.Command(c.path, c.args...)
	cmd.Dir = s.dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", c.name, err)
	}
	go func() {
		err := cmd.Wait()
		if err == nil {
			err = errors.New("exit status 0")
		}
		s.exits <- exit{name: c.name, log: s.log(c.name), err: err}
	}()
	return nil
}

// logTails shows the end of every component's log.
func (s *supervisor) logTails(lines int) string {
	files, _ := filepath.Glob(filepath.Join(s.logs, "*.log"))
	var out strings.Builder
	for _, file := range files {
		content, _ := os.ReadFile(file)
		fmt.Fprintf(&out, "--- %s\n%s\n", filepath.Base(file), shorten(lastLines(string(content), lines), 300))
	}
	return out.String()
}

// shorten cuts the lines of a text.
func shorten(text string, width int) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if len(line) > width {
			lines[i] = line[:width] + " ..."
		}
	}
	return strings.Join(lines, "\n")
}
