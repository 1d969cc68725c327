package canaries

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// argoRollouts is the namespace and the Deployment that Argo Rollouts is installed as.
const argoRollouts = "argo-rollouts"

// rolloutsForLab copies Argo Rollouts' manifest as its lab can run it: its source names no version, asks for an image to
// be pulled, and for a share of the node's disk, of which the lab's node keeps no account.
func rolloutsForLab(manifest, folder string) (string, error) {
	text, err := os.ReadFile(manifest)
	if err != nil {
		return "", fmt.Errorf("read Argo Rollouts' manifest: %w", err)
	}
	version := regexp.MustCompile(`argo-rollouts@(v[0-9.]+)/`).FindStringSubmatch(manifest)
	if version == nil {
		return "", fmt.Errorf("%s lies in the folder of no version", manifest)
	}
	for _, change := range [][2]string{
		{"image: quay.io/argoproj/argo-rollouts:latest", "image: quay.io/argoproj/argo-rollouts:" + version[1]},
		{"imagePullPolicy: Always\n        livenessProbe", "imagePullPolicy: IfNotPresent\n        livenessProbe"},
		{"limits:\n            ephemeral-storage: 1Gi", "limits: {}"},
	} {
		if n := strings.Count(string(text), change[0]); n != 1 {
			return "", fmt.Errorf("%s has %q %d times, not once", manifest, change[0], n)
		}
		text = []byte(strings.Replace(string(text), change[0], change[1], 1))
	}
	path := filepath.Join(folder, "install.yaml")
	return path, os.WriteFile(path, text, 0o600)
}

// roles tell which backend a pod of the Rollout web stands behind: Argo Rollouts changes the selectors of both Services
// all the time.
type roles struct {
	namespace string

	mu     sync.Mutex
	read   time.Time
	byHash map[string]string
}

// fresh is how long selectors are believed to be as they were.
const fresh = 200 * time.Millisecond

func (r *roles) backend(pod string) string {
	set := pod[:max(strings.LastIndex(pod, "-"), 0)]
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.read) > fresh {
		r.byHash, r.read = r.selected(), time.Now()
	}
	if role := r.byHash[strings.TrimPrefix(set, "web-")]; role != "" {
		return role
	}
	// The pods of an experiment stand behind a Service of their ReplicaSet's name.
	return set
}

// selected maps the hash of a version to the Service that selects it; where both do, to the stable one.
func (r *roles) selected() map[string]string {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	found := map[string]string{}
	for _, name := range []string{"web-canary", "web-stable"} {
		var service corev1.Service
		if err := mesh.Client.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: name}, &service); err == nil {
			found[service.Spec.Selector["rollouts-pod-template-hash"]] = name
		}
	}
	return found
}

// lasting are the steps that were sampled whole. Between two steps Argo Rollouts may set weights for a moment.
func (r release) lasting() []step {
	return slices.DeleteFunc(slices.Clone(r.steps), func(s step) bool { return s.short })
}

// expectFair asserts that the canary's weight went through these, and that the share of each backend was what was asked.
func expectFair(r release, weights ...int64) {
	GinkgoHelper()
	whole := r.lasting()
	for _, s := range whole {
		report("%v", s)
	}
	report("%d calls, failed: %v", r.calls, r.failures)
	Expect(r.err).NotTo(HaveOccurred())
	for _, s := range whole {
		Expect(s.judge()).To(Succeed())
	}
	Expect(slices.Compact(release{steps: whole}.weights())).To(Equal(weights))
}

// nameless is what becomes of the TrafficSplit that Argo Rollouts writes when it has lost the name of an experiment's
// Service: two updates of the Experiment's status met, and the older won (seen with 1.10.1, once in about twenty).
const nameless = "service in body should be at least 1 chars long"

// expectTrial asserts that a step was seen with so many backends, unless Argo Rollouts lost one.
func expectTrial(r release, backends int) {
	GinkgoHelper()
	if strings.Contains(r.warnings, nameless) {
		report("Argo Rollouts has lost the name of its experiment's Service; its experiment had no calls")
		return
	}
	Expect(slices.ContainsFunc(r.lasting(), func(s step) bool { return len(s.asked) == backends })).To(BeTrue(), "no step had an experiment's backends")
}

// rolloutWarnings are the events by which Argo Rollouts says what it could not do.
func rolloutWarnings(namespace string) string {
	return look([]string{"get", "-n", namespace, "events", "--field-selector", "involvedObject.kind=Rollout,type=Warning", "-o", "custom-columns=MESSAGE:.message"})
}

func explainRollout(namespace string) string {
	return look(
		[]string{"get", "-n", namespace, "rollouts,experiments,analysisruns,trafficsplits.split.smi-spec.io,pods,services", "-o", "wide"},
		[]string{"get", "-n", namespace, "analysisruns", "-o", "jsonpath={range .items[*]}{.status.metricResults}{\"\\n\"}{end}"},
		[]string{"get", "-n", namespace, "events", "--sort-by=.lastTimestamp", "-o", "custom-columns=OBJECT:.involvedObject.name,MESSAGE:.message"},
		[]string{"logs", "-n", argoRollouts, "deployment/" + argoRollouts, "--tail=40"},
	)
}
