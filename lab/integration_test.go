package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a condition may take on a very busy machine.
const patience = 2 * time.Minute

// buildLab builds the lab under test, or skips where it can't start a cluster.
func buildLab(t *testing.T) string {
	t.Helper()
	l, err := findLayout()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newSpec(l, "test", wanted{}); err != nil {
		t.Skip("no cluster can be started here:", err)
	}
	lab := filepath.Join(t.TempDir(), "lab")
	if out, err := exec.Command("go", "build", "-o", lab, ".").CombinedOutput(); err != nil {
		t.Fatalf("build the lab: %v\n%s", err, out)
	}
	return lab
}

// eventually waits for a condition, and shows at last why it is not met.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var last error
	err := waitFor(ctx, what, func() (bool, error) {
		last = check()
		return last == nil, nil
	})
	if err != nil {
		t.Fatalf("%v: %v", err, last)
	}
}

// nothingLeft reports what is left of a cluster.
func nothingLeft(name, mounts string) error {
	var found []error
	hierarchies, err := hostCgroupMounts()
	if err != nil {
		return err
	}
	paths := []string{clusterFile(name), kubeconfigFile(name), readyFile(name), keeperLog(name)}
	for _, hierarchy := range hierarchies {
		paths = append(paths, filepath.Join(hierarchy, cgroupName(name)))
	}
	for _, path := range paths {
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			found = append(found, fmt.Errorf("%s is left (%w)", path, err))
		}
	}
	if anyProcessIn("mnt", mounts) {
		found = append(found, errors.New("a process is left"))
	}
	return errors.Join(found...)
}

// holdMounts returns the name of a running cluster's mount namespace, which nothing else gets while the test runs.
func holdMounts(t *testing.T, cluster string) string {
	t.Helper()
	c, err := findCluster(cluster)
	if err != nil {
		t.Fatal(err)
	}
	held, name, err := holdNamespace(c.Init, "mnt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { held.Close() })
	return name
}

func TestRunGivesTheCommandAClusterAndItsExitCode(t *testing.T) {
	t.Parallel()
	lab := buildLab(t)
	script := `
		set -e
		echo "$WEFT_LAB"; echo "folder $PWD"
		kubectl wait --for=condition=Ready node/lab >/dev/null
		kubectl create deployment web --image=docker.io/fortio/fortio:1.63.7 >/dev/null
		kubectl expose deployment web --port=80 --target-port=8080 >/dev/null
		kubectl rollout status deployment/web >/dev/null
		echo "pod-to-service $(kubectl exec deployment/web -- fortio curl -loglevel error -stdclient http://web.default.svc.cluster.local/debug 2>&1 | grep -c '^Φορτίο')"
		echo "node-to-service $(fortio curl -loglevel error http://$(kubectl get service web -o jsonpath='{.spec.clusterIP}')/debug 2>&1 | grep -c '^Φορτίο')"
		for c in kubectl envoy fortio; do command -v $c >/dev/null; done
		exit 42`
	folder, logs := t.TempDir(), t.TempDir()
	cmd := exec.Command(lab, "run", "--keep-logs", logs, "--", "sh", "-c", script)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "PWD="+folder, repoVariable+"="+testLayout(t).Repo)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	output := bufio.NewReader(stdout)
	name, mounts := "", ""
	if _, err := fmt.Fscanln(output, &name); err == nil {
		mounts = holdMounts(t, name)
	}
	out, readErr := io.ReadAll(output)
	err = cmd.Wait()
	var exited *exec.ExitError
	if !errors.As(err, &exited) || exited.ExitCode() != 42 || readErr != nil {
		t.Fatalf("run ended with %v, want exit code 42 (%v)\n%s%s", err, readErr, out, stderr.String())
	}
	said := parseWords(string(out))
	for what, want := range map[string]string{"folder": folder, "pod-to-service": "1", "node-to-service": "1"} {
		if said[what] != want {
			t.Errorf("%s is %q, want %q\n%s", what, said[what], want, stderr.String())
		}
	}
	if err := nothingLeft(name, mounts); err != nil {
		t.Error(err)
	}
	for _, log := range []string{"kubelet.log", "kube-apiserver.log", "pods"} {
		if _, err := os.Stat(filepath.Join(logs, log)); err != nil {
			t.Errorf("the log is not kept: %v", err)
		}
	}
}

// parseWords reads lines of a word and what it stands for.
func parseWords(text string) map[string]string {
	words := map[string]string{}
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		words[word] = rest
	}
	return words
}

func TestKilledRunLeavesNothing(t *testing.T) {
	t.Parallel()
	lab := buildLab(t)
	output, write := io.Pipe()
	cmd := exec.Command(lab, "run", "--", "sh", "-c", `echo "$WEFT_LAB"; exec sleep 1000`)
	cmd.Stdout, cmd.Stderr = write, os.Stderr
	// Copies of the pipe in processes that outlive the killed one shall not hold up the test.
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var name string
	if _, err := fmt.Fscanln(output, &name); err != nil {
		t.Fatal(err)
	}
	mounts := holdMounts(t, name)
	if !anyProcessIn("mnt", mounts) {
		t.Fatal("the command is in no namespace that this test can see")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	eventually(t, "all to be gone", func() error { return nothingLeft(name, mounts) })
}

func TestClusterThatStaysIsReachedFromTheHost(t *testing.T) {
	t.Parallel()
	lab := buildLab(t)
	name := fmt.Sprintf("test-%d", os.Getpid())
	if out, err := exec.Command(lab, "up", "--dual-stack", "--name", name).CombinedOutput(); err != nil {
		t.Fatalf("up: %v\n%s", err, out)
	}
	var down sync.Once
	end := func() {
		down.Do(func() {
			if out, err := exec.Command(lab, "down", "--name", name).CombinedOutput(); err != nil {
				t.Errorf("down: %v\n%s", err, out)
			}
		})
	}
	t.Cleanup(end)
	if err := exec.Command(lab, "up", "--name", name).Run(); err == nil {
		t.Error("a second cluster of the same name is accepted")
	}
	mounts := holdMounts(t, name)
	kubectl := hostKubectl(t, name)
	kubectl("create", "deployment", "web", "--image=docker.io/fortio/fortio:1.63.7")
	kubectl("expose", "deployment", "web", "--port=80", "--target-port=8080")
	kubectl("rollout", "status", "deployment/web")
	checkPortForward(t, name)
	checkFamilies(t, lab, name)
	end()
	if err := nothingLeft(name, mounts); err != nil {
		t.Error(err)
	}
}

// hostKubectl calls kubectl outside the cluster's namespaces.
func hostKubectl(t *testing.T, cluster string) func(args ...string) []byte {
	return func(args ...string) []byte {
		t.Helper()
		cmd := kubectlCommand(t, cluster, args...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("kubectl %q: %v\n%s", args, err, out)
		}
		return out
	}
}

func kubectlCommand(t *testing.T, cluster string, args ...string) *exec.Cmd {
	t.Helper()
	l, err := findLayout()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(l.bin(), "kubectl"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfigFile(cluster), "KUBECACHEDIR="+t.TempDir())
	return cmd
}

func checkPortForward(t *testing.T, cluster string) {
	t.Helper()
	port := freePort(t)
	forward := kubectlCommand(t, cluster, "port-forward", "service/web", fmt.Sprintf("%d:80", port))
	if err := forward.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = forward.Process.Kill(); _ = forward.Wait() }()
	eventually(t, "the forwarded port to answer", func() error {
		response, err := http.Post(fmt.Sprintf("http://127.0.0.1:%d/echo", port), "text/plain", strings.NewReader("hello"))
		if err != nil {
			return err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if string(body) != "hello" {
			return fmt.Errorf("the answer is %q (%w)", body, err)
		}
		return nil
	})
}

// checkFamilies calls a Service at its address of each family.
func checkFamilies(t *testing.T, lab, name string) {
	t.Helper()
	kubectl := hostKubectl(t, name)
	kubectl("patch", "service", "web", "--patch", `{"spec":{"ipFamilyPolicy":"RequireDualStack"}}`)
	addresses := strings.Fields(string(kubectl("get", "service", "web", "-o", "jsonpath={.spec.clusterIPs[*]}")))
	if len(addresses) != 2 || !strings.Contains(addresses[1], ":") {
		t.Fatalf("the Service's addresses are %q, want one of each family", addresses)
	}
	for _, address := range addresses {
		url := "http://" + net.JoinHostPort(address, "80") + "/debug"
		eventually(t, url+" to answer", func() error {
			out, err := exec.Command(lab, "exec", "--name", name, "--", "fortio", "curl", "-stdclient", url).CombinedOutput()
			if err != nil {
				return fmt.Errorf("%w\n%s", err, out)
			}
			return nil
		})
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
