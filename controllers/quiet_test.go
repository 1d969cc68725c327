package controllers

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/internal/engine"
	"github.com/weft-mesh/weft/translators/model"
)

// desk is a cluster of one TrafficSplit, at a time of its own.
type desk struct {
	client.Client
	t      *testing.T
	clock  *clocktesting.FakePassiveClock
	start  time.Time
	object *unstructured.Unstructured
	said   engine.Status
	// writes are those of the status: when, and what it says of Programmed.
	writes []string
}

func (d *desk) Get(_ context.Context, _ client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	d.object.DeepCopyInto(o.(*unstructured.Unstructured))
	return nil
}

func (d *desk) Status() client.SubResourceWriter { return deskStatus{desk: d} }

type deskStatus struct {
	client.SubResourceWriter
	desk *desk
}

func (s deskStatus) Apply(_ context.Context, o runtime.ApplyConfiguration, _ ...client.SubResourceApplyOption) error {
	d := s.desk
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	var written map[string]any
	if err := json.Unmarshal(text, &written); err != nil {
		return err
	}
	d.object.Object["status"] = written["status"]
	for _, c := range conditionsOf(d.object) {
		if c.Type == string(model.ConditionProgrammed) {
			d.writes = append(d.writes, fmt.Sprintf("%v: %d %s", d.clock.Now().Sub(d.start), c.ObservedGeneration, c.Reason))
		}
	}
	return nil
}

// proxies is what the mesh says of the object, of which it holds the state that
// is stored.
type proxies struct{ desk *desk }

func (p proxies) Status(context.Context, model.Ref) (engine.Status, []string) {
	s := p.desk.said
	s.Fragment, _ = convertSMI(p.desk.object)
	return s, nil
}

// moment is what happens at a time.
type moment struct {
	at            time.Duration
	generation    int64
	acked, needed int
	rejected      []string
}

// play lets things happen, and the reporter look at each of them and whenever it
// asked to, until a time.
func (d *desk) play(until time.Duration, moments ...moment) {
	d.t.Helper()
	ref := model.Ref{Kind: model.KindTrafficSplit, Key: model.Key{Namespace: "shop", Name: "web"}}
	kinds := &servedKinds{}
	kinds.set(ref.Kind, served{version: "split.smi-spec.io/v1alpha4", status: true})
	r := &reporter{
		readers: readers{smi: d, served: kinds}, client: d, status: proxies{d}, events: &events.FakeRecorder{}, clock: d.clock,
		ready: func() error { return nil }, wrote: map[model.Ref]written{},
	}
	next := time.Duration(-1)
	for {
		now := until
		happens := len(moments) > 0 && (next < 0 || moments[0].at <= next)
		if happens {
			now = moments[0].at
		} else if next >= 0 {
			now = next
		}
		if now >= until {
			return
		}
		d.clock.SetTime(d.start.Add(now))
		if happens {
			d.happen(moments[0])
			moments = moments[1:]
		}
		result, err := r.Reconcile(d.t.Context(), ref)
		if err != nil {
			d.t.Fatal(err)
		}
		if next = -1; result.RequeueAfter > 0 {
			next = now + result.RequeueAfter
		}
	}
}

func (d *desk) happen(m moment) {
	if m.generation > 0 {
		d.object.SetGeneration(m.generation)
		d.object.Object["spec"] = map[string]any{
			"service": "web", "backends": []any{map[string]any{"service": "a", "weight": m.generation}},
		}
	}
	d.said = engine.Status{Acked: m.acked, Needed: m.needed, Rejected: m.rejected}
}

func TestAStatusIsWrittenSeldom(t *testing.T) {
	const ms = time.Millisecond
	var manyPods []moment
	for i := range 20 {
		manyPods = append(manyPods, moment{at: 2*time.Second + time.Duration(i)*300*ms, acked: i, needed: 20})
	}
	for name, c := range map[string]struct {
		moments []moment
		want    []string
	}{
		"once, where the proxies have it soon": {
			[]moment{{at: 0, generation: 1, needed: 3}, {at: 20 * ms, acked: 1, needed: 3}, {at: 60 * ms, acked: 3, needed: 3}},
			[]string{"100ms: 1 Programmed"},
		},
		"at once, where they have it later": {
			[]moment{{at: 0, generation: 1, needed: 3}, {at: 730 * ms, acked: 3, needed: 3}},
			[]string{"730ms: 1 Programmed"},
		},
		"not while a client writes one thing after another": {
			[]moment{{at: 0, generation: 1}, {at: 50 * ms, generation: 2}, {at: 120 * ms, generation: 3}, {at: 200 * ms, generation: 4}},
			[]string{"300ms: 4 Programmed"},
		},
		"not for a pod that comes and has it soon": {
			[]moment{{at: 0, generation: 1}, {at: time.Second, acked: 1, needed: 2}, {at: 1600 * ms, acked: 2, needed: 2}},
			[]string{"100ms: 1 Programmed"},
		},
		"Pending once it lasts, and its count now and then": {
			append([]moment{{at: 0, generation: 1, needed: 20}}, append(manyPods, moment{at: 8 * time.Second, acked: 20, needed: 20})...),
			[]string{"1s: 1 Pending", "6s: 1 Pending", "8s: 1 Programmed"},
		},
		"at once, where a proxy refuses it": {
			[]moment{{at: 0, generation: 1, needed: 2}, {at: 500 * ms, acked: 1, needed: 2, rejected: []string{"shop/web-0"}}},
			[]string{"500ms: 1 Rejected"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := &desk{t: t, start: time.Unix(1000, 0), object: unstructuredIn(model.KindTrafficSplit, "split.smi-spec.io/v1alpha4")}
			d.clock = clocktesting.NewFakePassiveClock(d.start)
			d.object.SetNamespace("shop")
			d.object.SetName("web")
			d.object.SetUID("u")
			d.play(10*time.Second, c.moments...)
			if diff := cmp.Diff(c.want, d.writes); diff != "" {
				t.Error(diff)
			}
		})
	}
}
