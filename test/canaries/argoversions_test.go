package canaries

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/test/tutorial"
)

// defaultVersion is the TrafficSplit that Argo Rollouts writes without being told.
const defaultVersion = "v1alpha1"

// atOnce is how many Rollouts are watched at a time: more would have a small machine wait for itself.
const atOnce = 2

// rootedRollout is a Rollout that is steered by one version of TrafficSplit, with a root Service or without.
type rootedRollout struct {
	version, root string
	meter         *meter
	told          chan release
}

func (r *rootedRollout) namespace() string {
	return "argo-" + r.version + "-" + cmp.Or(r.root, "no-root")
}

// manifest has an experiment, and ends with all calls at the canary, so that the stable Service's selector and all
// weights change at once. The port of the experiment's Service has no name, as that of the container has none.
func (r *rootedRollout) manifest() string {
	var all strings.Builder
	for _, name := range []string{"web", "web-stable", "web-canary"} {
		fmt.Fprintf(&all, `
apiVersion: v1
kind: Service
metadata: {name: %s}
spec:
  selector: {app: web}
  ports: [{name: http, port: 8080}]
---`, name)
	}
	smi, labels := "{}", ""
	if r.root != "" {
		smi = "{rootService: " + r.root + "}"
	}
	if r.version != defaultVersion {
		labels = "argo-rollouts.argoproj.io/controller-instance-id: " + r.version
	}
	fmt.Fprintf(&all, `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, labels: {%s}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 10
      containers:
        - name: web
          image: %s
          args: [server, -loglevel, warning, -echo-server-default-params, "header=x-version:$(VERSION)&header=x-pod:$(POD)"]
          env:
            - {name: VERSION, value: v1}
            - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
          ports: [{containerPort: 8080}]
          readinessProbe: {httpGet: {path: /debug, port: 8080}, periodSeconds: 1, timeoutSeconds: 5}
  strategy:
    canary:
      canaryService: web-canary
      stableService: web-stable
      trafficRouting: {smi: %s}
      steps:
        - setWeight: 25
        - pause: {duration: 40s}
        - experiment: {duration: 40s, templates: [{name: trial, specRef: canary, weight: 10}]}
        - setWeight: 100
        - pause: {duration: 30s}
`, labels, fortio, smi)
	return all.String()
}

const (
	// A Rollout is Healthy a moment before its stable Service has the new pods and all the weight.
	rolledOut = `kubectl wait -n "$NS" rollout/web --for=jsonpath='{.status.phase}'=Healthy --timeout=5m
kubectl wait -n "$NS" trafficsplit.split.smi-spec.io/web --for=jsonpath='{.spec.backends[0].weight}'=0 --timeout=1m`
	newer = `kubectl patch -n "$NS" rollout web --type=json -p '[{"op": "replace", "path": "/spec/template/spec/containers/0/env/0/value", "value": "v2"}]'
kubectl wait -n "$NS" rollout/web --for=jsonpath='{.status.phase}'=Paused --timeout=5m
`
)

// play starts version 1, releases version 2, and tells how that went.
func (r *rootedRollout) play(ctx context.Context) (told release) {
	defer func() {
		if told.err != nil {
			told.err = fmt.Errorf("%w\n%s", told.err, explainRollout(r.namespace()))
		}
	}()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: r.namespace(), Labels: map[string]string{
		"weft.mesh/inject": "enabled", "weft.mesh/access": "permissive",
	}}}
	if err := mesh.Client.Create(ctx, namespace); err != nil {
		return release{err: err}
	}
	if err := mesh.Apply(ctx, r.namespace(), r.manifest()); err != nil {
		return release{err: err}
	}
	session, err := tutorial.NewSession("NS=" + r.namespace())
	if err != nil {
		return release{err: err}
	}
	defer session.Close()
	if _, err := session.Run(ctx, tutorial.Block{Source: "the first version", Script: rolledOut}); err != nil {
		return release{err: err}
	}
	if r.meter, err = newMeter(ctx, r.namespace(), cmp.Or(r.root, "web-stable")+":8080"); err != nil {
		return release{err: err}
	}
	defer r.meter.close()
	roles := &roles{namespace: r.namespace()}
	told = observe(ctx, surveyor{meter: r.meter, namespace: r.namespace(), name: "web", backend: roles.backend}, func(ctx context.Context) error {
		_, err := session.Run(ctx, tutorial.Block{Source: "the second version", Script: newer + rolledOut})
		return err
	})
	told.warnings = rolloutWarnings(r.namespace())
	return told
}

// remove makes room for the next one: a node does not bear any number of sidecars.
func (r *rootedRollout) remove(ctx context.Context) error {
	return client.IgnoreNotFound(mesh.Client.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: r.namespace()}}))
}

// steerBy runs a second controller, which cares for the Rollouts that ask for it by their label.
func steerBy(ctx context.Context, version string) error {
	var installed appsv1.Deployment
	if err := mesh.Client.Get(ctx, client.ObjectKey{Namespace: argoRollouts, Name: argoRollouts}, &installed); err != nil {
		return err
	}
	labels := map[string]string{"steers-by": version}
	spec := installed.Spec.DeepCopy()
	spec.Selector, spec.Template.Labels = &metav1.LabelSelector{MatchLabels: labels}, labels
	spec.Template.Spec.Containers[0].Args = []string{"--instance-id=" + version, "--traffic-split-api-version=" + version, "--leader-elect=false"}
	return client.IgnoreAlreadyExists(mesh.Client.Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: argoRollouts, Name: argoRollouts + "-" + version}, Spec: *spec,
	}))
}

var _ = Describe("Argo Rollouts releases with an experiment, and not one call fails,", Ordered, ContinueOnFailure, func() {
	var all []*rootedRollout
	for _, version := range []string{defaultVersion, "v1alpha2", "v1alpha3"} {
		for _, root := range []string{"web", ""} {
			all = append(all, &rootedRollout{version: version, root: root, told: make(chan release, 1)})
		}
	}

	BeforeAll(func(ctx SpecContext) {
		page := &argoPage{}
		Expect(page.open(ctx)).To(Succeed())
		DeferCleanup(page.session.Close)
		for _, version := range []string{"v1alpha2", "v1alpha3"} {
			Expect(steerBy(ctx, version)).To(Succeed())
		}
		Expect(mesh.WaitRollouts(ctx, argoRollouts)).To(Succeed())
		playing, stop := context.WithCancel(context.Background())
		turns := make(chan struct{}, atOnce)
		for _, r := range all {
			go func() {
				turns <- struct{}{}
				defer func() { <-turns }()
				r.told <- r.play(playing)
				// The clean-up tells of it, if it can't be.
				_ = r.remove(context.WithoutCancel(playing))
			}()
		}
		DeferCleanup(func(ctx SpecContext) {
			stop()
			for _, r := range all {
				Expect(r.remove(ctx)).To(Succeed())
			}
		}, NodeTimeout(2*patience))
	}, NodeTimeout(5*time.Minute))

	for _, r := range all {
		It(fmt.Sprintf("by TrafficSplit %s, root %q", r.version, cmp.Or(r.root, "omitted")), func(ctx SpecContext) {
			var told release
			Eventually(ctx, r.told).WithTimeout(15 * time.Minute).Should(Receive(&told))
			expectFair(told, 0, 25, 100, 0)
			expectTrial(told, 3)
			Expect(told.failures).To(BeEmpty())
		}, SpecTimeout(16*time.Minute))
	}
})
