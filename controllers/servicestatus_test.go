package controllers

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/weft-mesh/weft/internal/engine"
	"github.com/weft-mesh/weft/translators/model"
)

// saysAlways is a StatusSource that has something to say of everything.
type saysAlways []model.Diagnostic

func (s saysAlways) Status(context.Context, model.Ref) (engine.Status, []string) {
	return engine.Status{Diagnostics: s}, nil
}

// TestServicesAreToldInEvents: once, and again where it comes back.
func TestServicesAreToldInEvents(t *testing.T) {
	ref := model.Ref{Kind: model.KindService, Key: model.Key{Namespace: "shop", Name: "web"}}
	wrong := saysAlways{{Object: ref, Reason: model.ReasonNotApplicable, Field: "spec.ports", Message: "port 80 is TCP"}}
	recorder := events.NewFakeRecorder(10)
	tell := &teller{events: recorder, said: map[model.Ref][]string{}}
	r := &reporter{
		readers: readers{mesh: fake.NewClientBuilder().WithObjects(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}}).Build()},
		ready:   func() error { return nil }, say: tell.say,
	}
	for _, step := range []struct {
		status saysAlways
		want   int
	}{{wrong, 1}, {wrong, 0}, {nil, 0}, {wrong, 1}} {
		r.status = step.status
		if _, err := r.Reconcile(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		if got := len(recorder.Events); got != step.want {
			t.Fatalf("%d Events, want %d", got, step.want)
		}
		for range step.want {
			if got, want := <-recorder.Events, "Warning NotApplicable spec.ports: port 80 is TCP"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	}
	ref.Name = "gone"
	if _, err := r.Reconcile(t.Context(), ref); err != nil {
		t.Errorf("a Service that is gone: %v", err)
	}
}

// TestANewLeaderTellsOfServices: of those of which there was something to tell,
// and no others.
func TestANewLeaderTellsOfServices(t *testing.T) {
	n := &Notifier{}
	told, other := model.Ref{Kind: model.KindService, Key: model.Key{Name: "told"}}, model.Ref{Kind: model.KindService, Key: model.Key{Name: "other"}}
	tell := &teller{notifier: n}
	n.Notify(told)
	n.Notify(other)
	tell.tell(other, nil, nil)
	tell.tell(model.Ref{Kind: model.KindService, Key: model.Key{Name: "quiet"}}, &corev1.Service{}, nil)
	var first []model.Ref
	n.everything(t.Context(), func(r model.Ref) { first = append(first, r) })
	if len(first) != 1 || first[0] != told {
		t.Errorf("it looks at %v, want %v", first, told)
	}
}
