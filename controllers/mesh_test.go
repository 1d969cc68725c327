package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/internal/engine"
	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/translators/model"
)

// fakeMesh stands at the edge of the package: it holds fragments, and says of
// proxies what a test wants.
type fakeMesh struct {
	mu        sync.Mutex
	fragments map[model.Ref]model.Fragment
	atSync    map[model.Ref]model.Fragment
	proxies   map[model.Ref]engine.Status
	asked     map[model.Ref]int
	notifier  *Notifier
}

func (m *fakeMesh) Put(f model.Fragment) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fragments[f.Ref()] = f
}

func (m *fakeMesh) Delete(r model.Ref) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.fragments, r)
}

func (m *fakeMesh) Synced() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.atSync = map[model.Ref]model.Fragment{}
	for r, f := range m.fragments {
		m.atSync[r] = f
	}
}

func (m *fakeMesh) Status(_ context.Context, r model.Ref) (engine.Status, []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked[r]++
	s := m.proxies[r]
	s.Fragment = m.fragments[r]
	return s, nil
}

// say sets what the proxies say of an object.
func (m *fakeMesh) say(r model.Ref, s engine.Status) {
	m.mu.Lock()
	m.proxies[r] = s
	m.mu.Unlock()
	m.notifier.Notify(r)
}

func (m *fakeMesh) fragment(r model.Ref) model.Fragment {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fragments[r]
}

func (m *fakeMesh) synced() map[model.Ref]model.Fragment {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.atSync
}

func (m *fakeMesh) questions(r model.Ref) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked[r]
}

// replica is one running controller.
type replica struct {
	*fakeMesh
	authority *identity.Authority
	system    string
}

type setting struct {
	config *rest.Config
	system string
	follow bool // it can't become the leader
	gates  Gates
}

// start runs the controllers until the test ends. Each test has a system
// namespace of its own, so it has its own CA and its own leader.
func start(t *testing.T, s setting) *replica {
	t.Helper()
	if s.config == nil {
		s.config = cluster
	}
	scheme, err := Scheme()
	if err != nil {
		t.Fatal(err)
	}
	mgr, err := ctrl.NewManager(s.config, ctrl.Options{
		Scheme: scheme, Cache: CacheOptions(s.system),
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: ptr.To(true)},
		// A follower waits for a lease that nobody ever lets go.
		LeaderElection: s.follow, LeaderElectionID: "weft-controller", LeaderElectionNamespace: s.system,
	})
	if err != nil {
		t.Fatal(err)
	}
	m := &fakeMesh{fragments: map[model.Ref]model.Fragment{}, proxies: map[model.Ref]engine.Status{}, asked: map[model.Ref]int{}, notifier: &Notifier{}}
	r := &replica{fakeMesh: m, authority: &identity.Authority{}, system: s.system}
	err = Register(mgr, Options{
		Namespace: s.system, Sink: m, Status: m, Notifier: m.notifier, Authority: r.authority, Gates: s.gates,
		Bootstrap: func(trustDomain string, roots []byte) (map[string]string, error) {
			return map[string]string{"bootstrap.yaml": "trust " + trustDomain, "ca.crt": string(roots)}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = mgr.GetClient().Delete(context.Background(), &v1alpha1.MeshConfig{ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.MeshConfigName}})
	})
	run(t, mgr)
	return r
}

func run(t *testing.T, mgr manager.Manager) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !strings.Contains(err.Error(), "leader election") {
			t.Errorf("the manager ended: %v", err)
		}
	})
}

func create(t *testing.T, c client.Client, o client.Object) {
	t.Helper()
	if err := c.Create(t.Context(), o); err != nil {
		t.Fatalf("create %T %s: %v", o, o.GetName(), err)
	}
	t.Cleanup(func() { _ = c.Delete(context.Background(), o) })
}

func smiObject(t *testing.T, c client.Client, ns, name, text string) model.Ref {
	t.Helper()
	u := parse(t, text)
	u.SetNamespace(ns)
	u.SetName(name)
	create(t, c, u)
	return refOf(model.Kind(u.GetKind()), u)
}

// condition waits until an object says so.
func condition(t *testing.T, c client.Client, r model.Ref, want metav1.Condition) {
	t.Helper()
	eventually(t, fmt.Sprintf("condition %s of %s", want.Type, r), func(ctx context.Context) error {
		u := newUnstructured(r.Kind)
		if err := c.Get(ctx, client.ObjectKey{Namespace: r.Namespace, Name: r.Name}, u); err != nil {
			return err
		}
		got := meta.FindStatusCondition(conditionsOf(u), want.Type)
		if got == nil {
			return errors.New("there is none")
		}
		if got.Status != want.Status || got.Reason != want.Reason || !strings.Contains(got.Message, want.Message) || got.ObservedGeneration != u.GetGeneration() {
			return fmt.Errorf("got %+v at generation %d, want %+v", *got, u.GetGeneration(), want)
		}
		return nil
	})
}

// told waits for an Event of an object, and gives it.
func told(t *testing.T, c client.Client, r model.Ref, reason, text string) eventsv1.Event {
	t.Helper()
	var found eventsv1.Event
	eventually(t, fmt.Sprintf("Event %s of %s", reason, r), func(ctx context.Context) error {
		var list eventsv1.EventList
		if err := c.List(ctx, &list); err != nil {
			return err
		}
		var seen []string
		for _, e := range list.Items {
			if e.Regarding.Name != r.Name || e.Regarding.Namespace != r.Namespace || e.Regarding.Kind != string(r.Kind) {
				continue
			}
			seen = append(seen, e.Reason+": "+e.Note)
			if e.Reason == reason && strings.Contains(e.Note, text) {
				found = e
				return nil
			}
		}
		return fmt.Errorf("got %q, want %s with %q", seen, reason, text)
	})
	return found
}

// toldOnce is told for what may not be told again.
func toldOnce(t *testing.T, c client.Client, r model.Ref, reason, text string) {
	t.Helper()
	if e := told(t, c, r, reason, text); e.Series != nil {
		t.Errorf("told %d times: %s", e.Series.Count, e.Note)
	}
}

func systemNamespace(t *testing.T, c client.Client) string {
	t.Helper()
	return namespace(t, c, nil)
}

// Trap 62: a controller is synced when it has read all that there is.
func TestEverythingThatExistsIsReadBeforeSynced(t *testing.T) {
	c := needCluster(t)
	ns := namespace(t, c, map[string]string{"weft.mesh/access": "permissive"})
	var refs []model.Ref
	for i := range 30 {
		refs = append(refs, smiObject(t, c, ns, fmt.Sprintf("s%d", i), split+"spec: {service: web, backends: [{service: a, weight: 1}]}"))
	}
	refs = append(refs,
		smiObject(t, c, ns, "t", target+"spec: {destination: {kind: ServiceAccount, name: a}, sources: [{kind: ServiceAccount, name: b}], rules: [{kind: TCPRoute, name: r}]}"),
		smiObject(t, c, ns, "g", group+"spec: {matches: [{name: a}]}"),
		smiObject(t, c, ns, "p", tcp), smiObject(t, c, ns, "u", udp))
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "web"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}
	create(t, c, service)
	refs = append(refs, refOf(model.KindService, service), model.Ref{Kind: model.KindNamespace, Key: model.Key{Name: ns}})

	r := start(t, setting{system: systemNamespace(t, c)})
	eventually(t, "synced", func(context.Context) error {
		if r.synced() == nil {
			return errors.New("not yet")
		}
		return nil
	})
	for _, ref := range refs {
		if r.synced()[ref] == nil {
			t.Errorf("%s came after Synced", ref)
		}
	}
	if n, ok := r.synced()[model.Ref{Kind: model.KindNamespace, Key: model.Key{Name: ns}}].(*model.Namespace); !ok || n.Access != model.AccessPermissive {
		t.Errorf("namespace %+v", n)
	}
}

func TestAChangeReachesTheMeshAndADeletionToo(t *testing.T) {
	c := needCluster(t)
	ns := namespace(t, c, nil)
	r := start(t, setting{system: systemNamespace(t, c)})
	ref := smiObject(t, c, ns, "x", split+"spec: {service: web, backends: [{service: a, weight: 1}]}")
	weight := func(want uint32) func(context.Context) error {
		return func(context.Context) error {
			s, ok := r.fragment(ref).(*model.Split)
			if !ok || s.Backends[0].Weight != want {
				return fmt.Errorf("got %+v", s)
			}
			return nil
		}
	}
	eventually(t, "weight 1", weight(1))
	u := parse(t, split+"spec: {service: web, backends: [{service: a, weight: 7}]}")
	u.SetNamespace(ns)
	if err := c.Patch(t.Context(), u, client.Merge); err != nil {
		t.Fatal(err)
	}
	eventually(t, "weight 7", weight(7))
	if err := c.Delete(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	eventually(t, "gone", func(context.Context) error {
		if f := r.fragment(ref); f != nil {
			return fmt.Errorf("still %+v", f)
		}
		return nil
	})
}

func TestConditionsSayHowAnObjectStands(t *testing.T) {
	c := needCluster(t)
	ns := namespace(t, c, nil)
	r := start(t, setting{system: systemNamespace(t, c)})
	ref := smiObject(t, c, ns, "x", split+"spec: {service: web.other.svc, backends: [{service: a, weight: 1}]}")
	no, yes := metav1.ConditionFalse, metav1.ConditionTrue
	condition(t, c, ref, metav1.Condition{Type: "Accepted", Status: no, Reason: "Invalid", Message: `spec.service: "web.other.svc" is in namespace "other"`})
	condition(t, c, ref, metav1.Condition{Type: "Programmed", Status: no, Reason: "Invalid", Message: "nothing of it is in force"})
	toldOnce(t, c, ref, "Invalid", "name a Service of namespace")

	u := parse(t, split+"spec: {service: web, backends: [{service: a, weight: 1}]}")
	u.SetNamespace(ns)
	if err := c.Patch(t.Context(), u, client.Merge); err != nil {
		t.Fatal(err)
	}
	condition(t, c, ref, metav1.Condition{Type: "Accepted", Status: yes, Reason: "Accepted"})
	condition(t, c, ref, metav1.Condition{Type: "ResolvedRefs", Status: yes, Reason: "ResolvedRefs"})
	condition(t, c, ref, metav1.Condition{Type: "Programmed", Status: yes, Reason: "Programmed"})
	toldOnce(t, c, ref, "Accepted", "it was mended")

	missing := model.Diagnostic{Object: ref, Condition: model.ConditionResolvedRefs, Reason: "ServiceNotFound", Field: "spec.service", Message: "Service web does not exist"}
	r.say(ref, engine.Status{Diagnostics: []model.Diagnostic{missing}, Needed: 2, Acked: 1})
	condition(t, c, ref, metav1.Condition{Type: "ResolvedRefs", Status: no, Reason: "ServiceNotFound", Message: "spec.service: Service web does not exist"})
	condition(t, c, ref, metav1.Condition{Type: "Programmed", Status: no, Reason: "Pending", Message: "1 of 2 connected proxies"})
	toldOnce(t, c, ref, "ServiceNotFound", "Service web does not exist")

	r.say(ref, engine.Status{Needed: 2, Acked: 1, Rejected: []string{"shop/web-0: cluster: no"}})
	condition(t, c, ref, metav1.Condition{Type: "Programmed", Status: no, Reason: "Rejected", Message: "refused by shop/web-0: cluster: no"})
	toldOnce(t, c, ref, "Rejected", "shop/web-0")

	r.say(ref, engine.Status{Needed: 2, Acked: 2})
	condition(t, c, ref, metav1.Condition{Type: "Programmed", Status: yes, Reason: "Programmed"})
	checkColumns(t, c, ref)
}

// checkColumns sees that kubectl get shows the conditions.
func checkColumns(t *testing.T, c client.Client, ref model.Ref) {
	t.Helper()
	u := newUnstructured(ref.Kind)
	if err := c.Get(t.Context(), client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}, u); err != nil {
		t.Fatal(err)
	}
	if got := len(ours(conditionsOf(u))); got != 3 {
		t.Errorf("%d conditions", got)
	}
}

// What other replicas' proxies do nobody tells: they are asked again.
func TestPendingIsAskedAgainWithoutAnyNews(t *testing.T) {
	c := needCluster(t)
	ns := namespace(t, c, nil)
	r := start(t, setting{system: systemNamespace(t, c)})
	ref := smiObject(t, c, ns, "x", tcp)
	r.say(ref, engine.Status{Needed: 1})
	condition(t, c, ref, metav1.Condition{Type: "Programmed", Status: metav1.ConditionFalse, Reason: "Pending"})
	r.mu.Lock()
	r.proxies[ref] = engine.Status{Needed: 1, Acked: 1}
	r.mu.Unlock()
	condition(t, c, ref, metav1.Condition{Type: "Programmed", Status: metav1.ConditionTrue, Reason: "Programmed"})
}

func TestNothingIsWrittenThatHasNotChanged(t *testing.T) {
	c := needCluster(t)
	ns := namespace(t, c, nil)
	r := start(t, setting{system: systemNamespace(t, c)})
	ref := smiObject(t, c, ns, "x", split+"spec: {service: web, backends: [{service: a, weight: 0}]}")
	condition(t, c, ref, metav1.Condition{Type: "Programmed", Status: metav1.ConditionTrue, Reason: "Programmed"})
	before := newUnstructured(ref.Kind)
	if err := c.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "x"}, before); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		asked := r.questions(ref)
		r.notifier.Notify(ref)
		eventually(t, "looked at again", func(context.Context) error {
			if r.questions(ref) == asked {
				return errors.New("not yet")
			}
			return nil
		})
	}
	after := newUnstructured(ref.Kind)
	if err := c.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "x"}, after); err != nil {
		t.Fatal(err)
	}
	if before.GetResourceVersion() != after.GetResourceVersion() {
		t.Errorf("written again:\n%v\n%v", before.Object["status"], after.Object["status"])
	}
	toldOnce(t, c, ref, "Accepted", "all weights are 0")
}

// Trap 68: only the leader writes.
func TestAFollowerReadsAndWritesNothing(t *testing.T) {
	c := needCluster(t)
	system := systemNamespace(t, c)
	create(t, c, leaseOfAnother(system))
	ns := namespace(t, c, map[string]string{"weft.mesh/inject": "enabled"})
	r := start(t, setting{system: system, follow: true})
	ref := smiObject(t, c, ns, "x", tcp)
	eventually(t, "fed", func(context.Context) error {
		if r.fragment(ref) == nil || r.synced() == nil {
			return errors.New("not yet")
		}
		return nil
	})
	if r.questions(ref) > 0 {
		t.Error("a follower looks at the status of objects")
	}
	if r.authority.CA() != nil {
		t.Error("a follower has made a CA")
	}
	// The CA that the leader makes reaches it.
	leader := start(t, setting{system: system})
	eventually(t, "the same CA", func(context.Context) error {
		if r.authority.CA() == nil || leader.authority.CA() == nil {
			return errors.New("not yet")
		}
		return nil
	})
	if !slices.Equal(r.authority.CA().Roots().PEM(), leader.authority.CA().Roots().PEM()) {
		t.Error("two CAs")
	}
}
