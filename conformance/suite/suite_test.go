package suite

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/ginkgo/v2/types"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/adapter"
	"github.com/weft-mesh/weft/conformance/features"
)

// world is a cluster without a cluster: what is applied is kept, and answer says what becomes of a call.
type world struct {
	objects map[string]bool
	log     []string
	answer  func(from Actor, call actors.Call) bool
	// leak says which calls reach a server although it seems to their callers that none is there.
	leak  func(call actors.Call) bool
	marks map[string]int
	asked int
}

func (w *world) put(_ context.Context, o *unstructured.Unstructured, namespace string) error {
	if o.GetKind() == "Refused" {
		return errors.New("admission says no")
	}
	o.SetNamespace(inNamespace(o, namespace))
	w.objects[describe(o)] = true
	w.log = append(w.log, "put "+o.GetName())
	return nil
}

func (w *world) drop(_ context.Context, o *unstructured.Unstructured, _ string) error {
	delete(w.objects, describe(o))
	w.log = append(w.log, "drop "+o.GetName())
	return nil
}

func (w *world) do(_ context.Context, from Actor, plan actors.Plan) (actors.Report, error) {
	var report actors.Report
	for _, call := range plan.Calls {
		o := actors.Outcome{Count: max(call.Count, 1), Servers: map[string]int{}, Codes: map[string]int{}}
		for range o.Count {
			w.asked++
			if w.answer(from, call) {
				o.Servers["smi-main/web-v1"]++
				w.marks[call.Mark]++
			} else {
				o.Codes["403"]++
				if w.leak(call) {
					w.marks[call.Mark]++
				}
			}
		}
		report.Outcomes = append(report.Outcomes, o)
	}
	return report, nil
}

func (w *world) received(_ context.Context, marks []string) (map[Actor]map[string]int, error) {
	times := map[string]int{}
	for _, mark := range marks {
		times[mark] = w.marks[mark]
	}
	return map[Actor]map[string]int{{"smi-main", "web-v1"}: times, {"smi-main", "web-v2"}: {}}, nil
}

// failure is what a test of the fake environment fails with.
type failure string

func newWorld(manifest string) (*world, *Env) {
	w := &world{
		objects: map[string]bool{}, marks: map[string]int{},
		answer: func(Actor, actors.Call) bool { return true }, leak: func(actors.Call) bool { return false },
	}
	return w, &Env{
		Main: "smi-main", Other: "smi-other", Outside: "smi-outside",
		test: "a-test", manifest: manifest, convergence: 3 * time.Second, stable: 3, objects: w, callers: w, ledgers: w,
		failed: func(message string) { panic(failure(message)) },
	}
}

// failing is what a test fails with, if it does.
func failing(test func()) (message string) {
	defer func() {
		if f, ok := recover().(failure); ok {
			message = string(f)
		}
	}()
	test()
	return ""
}

var anyCall = actors.Call{Protocol: actors.HTTP, Address: "web-v1.smi-main.svc:8080", Path: "/"}

func TestAwaitWaitsForCallsThatAreAllowed(t *testing.T) {
	w, e := newWorld("")
	w.answer = func(Actor, actors.Call) bool { return w.asked > 4 }
	if message := failing(func() { e.Await(t.Context(), Allowed(e.ClientA(), anyCall)) }); message != "" {
		t.Error(message)
	}
	if w.asked < 4+e.stable {
		t.Errorf("%d calls: as many good ones in a row as the adapter says are needed", w.asked)
	}
}

func TestAwaitFails(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(w *world) bool
		cases  func(e *Env) []Case
		want   string
	}{
		"where what is to be allowed never is": {
			func(*world) bool { return false }, func(e *Env) []Case { return Allowed(e.ClientA(), anyCall) }, "was to be allowed",
		},
		"where what is to be denied is not": {
			func(*world) bool { return true }, func(e *Env) []Case { return Denied(e.ClientA(), anyCall) }, "was to be denied",
		},
		"where a denial does not last": {
			func(w *world) bool { return w.asked == 8 }, func(e *Env) []Case { return Denied(e.ClientA(), anyCall) }, "did not last",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, e := newWorld("")
			e.convergence = 100 * time.Millisecond // it is to run out
			w.answer = func(Actor, actors.Call) bool { return c.answer(w) }
			message := failing(func() { e.Await(t.Context(), c.cases(e)) })
			if !strings.Contains(message, c.want) || !strings.Contains(message, "smi-main/client-a: http web-v1.smi-main.svc:8080/") {
				t.Errorf("failed with %q, want %q and the call", message, c.want)
			}
		})
	}
}

func TestTheEndOfATestDeletesInReverseAndSeesThatAllIsShut(t *testing.T) {
	w, e := newWorld("")
	text := ""
	for _, name := range []string{"one", "two"} {
		text += fmt.Sprintf("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: {{.Other}}}\n", name)
	}
	e.Apply(t.Context(), text)
	e.Await(t.Context(), Allowed(e.ClientA(), anyCall))
	e.convergence = 100 * time.Millisecond // it is to run out
	if err := e.cleanUp(t.Context(), false); err == nil || !strings.Contains(err.Error(), "was to be denied") {
		t.Errorf("what was opened is still open, and the test ends with %v", err)
	}
	if diff := cmp.Diff([]string{"put one", "put two", "drop two", "drop one"}, w.log); diff != "" {
		t.Error(diff)
	}
	if err := e.cleanUp(t.Context(), true); err != nil {
		t.Errorf("where all is allowed anyway: %v", err)
	}
	e.convergence = 3 * time.Second
	w.answer = func(Actor, actors.Call) bool { return len(w.objects) > 0 }
	if err := e.cleanUp(t.Context(), false); err != nil {
		t.Error(err)
	}
}

func TestStagesAreAppliedWhenTheyAreAskedFor(t *testing.T) {
	w, e := newWorld(`
apiVersion: v1
kind: ConfigMap
metadata: {name: first}
{{- define "later"}}
apiVersion: v1
kind: ConfigMap
metadata: {name: later}
{{- end}}
{{- define "bad"}}
apiVersion: v1
kind: Refused
metadata: {name: bad}
{{- end}}
`)
	e.Apply(t.Context(), e.manifest)
	e.ApplyStage(t.Context(), "later")
	e.DeleteStage(t.Context(), "later")
	if diff := cmp.Diff([]string{"put first", "put later", "drop later"}, w.log); diff != "" {
		t.Error(diff)
	}
	if !w.objects["ConfigMap smi-main/first (v1)"] {
		t.Errorf("what names no namespace goes into Main: %v", w.objects)
	}
	if err := e.TryApplyStage(t.Context(), "bad"); err == nil {
		t.Error("a refusal is no error")
	}
	for what, test := range map[string]func(){
		"a refusal":            func() { e.ApplyStage(t.Context(), "bad") },
		"no such stage":        func() { e.ApplyStage(t.Context(), "never") },
		"a template's mistake": func() { e.Apply(t.Context(), "{{.Nowhere}}") },
		"what is no object":    func() { e.Apply(t.Context(), "hello: there") },
	} {
		if failing(test) == "" {
			t.Errorf("%s does not fail the test", what)
		}
	}
}

func TestNamedConnectionsAreTheTestsOwn(t *testing.T) {
	_, e := newWorld("")
	var names []string
	e.callers = callerFunc(func(plan actors.Plan) actors.Report {
		names = append(names, plan.Calls[0].Connection)
		return actors.Report{Outcomes: make([]actors.Outcome, len(plan.Calls))}
	})
	kept := anyCall
	kept.Connection = "kept"
	e.Call(t.Context(), e.ClientA(), kept)
	e.Call(t.Context(), e.ClientA(), anyCall)
	if diff := cmp.Diff([]string{"a-test/kept", ""}, names); diff != "" {
		t.Error(diff)
	}
}

type callerFunc func(actors.Plan) actors.Report

func (f callerFunc) do(_ context.Context, _ Actor, plan actors.Plan) (actors.Report, error) {
	return f(plan), nil
}

// three are tests of both levels and two profiles.
func three() []Test {
	return []Test{
		{Name: "access-core", Features: []features.Name{features.AccessDeniedByDefault}},
		{Name: "access-extended", Features: []features.Name{features.AccessDeniedByDefault, features.AccessRulesRequired}},
		{Name: "specs-core", Features: []features.Name{features.SpecsPathRegex}},
	}
}

func TestWhichTestsRun(t *testing.T) {
	skip := adapter.Adapter{Skip: map[string]string{string(features.AccessRulesRequired): "not ours"}}
	for name, c := range map[string]struct {
		options Options
		want    []Outcome
	}{
		"all":          {Options{}, []Outcome{"", "", ""}},
		"extended":     {Options{Level: features.Extended}, []Outcome{"", "", ""}},
		"core":         {Options{Level: features.Core}, []Outcome{"", Skipped, ""}},
		"a profile":    {Options{Profiles: []features.Profile{features.SPECS}}, []Outcome{Skipped, Skipped, ""}},
		"by name":      {Options{Run: regexp.MustCompile("core$")}, []Outcome{"", Skipped, ""}},
		"what is left": {Options{Adapter: skip}, []Outcome{"", Unsupported, ""}},
	} {
		var got []Outcome
		for _, test := range three() {
			outcome, why := c.options.verdict(test)
			if (outcome == "") != (why == "") {
				t.Errorf("%s: %s is %q because of %q", name, test.Name, outcome, why)
			}
			got = append(got, outcome)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestResultsComeFromWhatRan(t *testing.T) {
	spec := func(name string, state types.SpecState) types.SpecReport {
		return types.SpecReport{
			LeafNodeType: types.NodeTypeIt, LeafNodeText: name, State: state, RunTime: time.Second,
			Failure: types.Failure{Message: "why"},
		}
	}
	r := &runner{tests: three(), figures: map[string][]Figure{"access-core": {{"n", 7}}}}
	r.collect(types.Report{SpecReports: types.SpecReports{
		spec("access-core", types.SpecStatePassed), spec("access-extended", types.SpecStateTimedout), spec("specs-core", types.SpecStateSkipped),
	}})
	want := []Outcome{Passed, Failed, Skipped}
	for i, result := range r.summary.Results {
		if result.Outcome != want[i] {
			t.Errorf("%s: %s", result.Test, result.Outcome)
		}
	}
	if r.summary.Results[1].Message != "why" || len(r.summary.Results[0].Figures) != 1 || r.summary.Problem != "" {
		t.Errorf("%+v", r.summary)
	}
	// A feature of a test that failed is not proved by one that passed.
	if passed, all := r.summary.FeatureCount(); passed != 0 || all != 2 {
		t.Errorf("features %d of %d", passed, all)
	}
}

func TestARunWithoutFixturesSaysWhy(t *testing.T) {
	r := &runner{tests: three()}
	r.collect(types.Report{SpecReports: types.SpecReports{{
		LeafNodeType: types.NodeTypeBeforeSuite, State: types.SpecStateFailed, Failure: types.Failure{Message: "no pods"},
	}}})
	if r.summary.Problem != "no pods" || r.summary.Count(Skipped) != 3 {
		t.Errorf("%+v", r.summary)
	}
}

func TestPlacesFollowTheAdapter(t *testing.T) {
	labels := func(key string) adapter.Membership {
		return adapter.Membership{
			Namespace: adapter.Metadata{Labels: map[string]string{key: "yes"}}, Pod: adapter.Metadata{Annotations: map[string]string{key: "pod"}},
			Manifest: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + key + ", namespace: {{.Namespace}}}\n",
		}
	}
	a := adapter.Adapter{
		Mesh:   adapter.Mesh{Join: labels("join"), Outside: labels("outside")},
		Access: adapter.Access{Deny: labels("deny"), Allow: labels("allow")},
		Ports:  adapter.Ports{HTTP: adapter.Port{Name: "http", AppProtocol: "http"}, GRPC: adapter.Port{Name: "grpc"}, TCP: adapter.Port{Name: "tcp"}, UDP: adapter.Port{Name: "udp"}},
	}
	want := map[string][]string{
		namespaceMain: {"join", "deny"}, namespaceOpen: {"join", "allow"}, namespaceOther: {"join", "deny"}, namespaceOutside: {"outside"},
	}
	all := places(a, []Test{{OpenByDefault: true}, {}})
	if len(all) != len(want) {
		t.Fatalf("%d places", len(all))
	}
	for _, p := range all {
		namespace, inside, err := p.manifests(a)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range append(namespace, inside...) {
			objects, err := decode(text)
			if err != nil {
				t.Fatalf("%s: %v\n%s", p.name, err, text)
			}
			for _, o := range objects {
				checkPlaced(t, p, o, want[p.name])
			}
		}
	}
	if names := places(a, []Test{{}}); slices.ContainsFunc(names, func(p place) bool { return p.name == namespaceOpen }) {
		t.Error("a namespace that no test needs is made")
	}
}

func checkPlaced(t *testing.T, p place, o *unstructured.Unstructured, keys []string) {
	t.Helper()
	var got map[string]string
	switch o.GetKind() {
	case "Namespace":
		got = o.GetLabels()
	case "Deployment":
		got, _, _ = unstructured.NestedStringMap(o.Object, "spec", "template", "metadata", "annotations")
	default:
		return
	}
	for _, key := range []string{"join", "outside", "deny", "allow"} {
		if (got[key] != "") != slices.Contains(keys, key) {
			t.Errorf("%s %s in %s has %v, want %v", o.GetKind(), o.GetName(), p.name, got, keys)
		}
	}
}
