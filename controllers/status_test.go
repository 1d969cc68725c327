package controllers

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/weft-mesh/weft/internal/engine"
	"github.com/weft-mesh/weft/translators/model"
)

// TestProxiesAreAskedAgainByTimeThatPassed: how often an object comes by does not
// put off its next turn, and a new generation starts anew.
func TestProxiesAreAskedAgainByTimeThatPassed(t *testing.T) {
	now := clocktesting.NewFakePassiveClock(time.Unix(1000, 0))
	r := &reporter{clock: now, wrote: map[model.Ref]written{}}
	ref := model.Ref{Kind: model.KindTrafficSplit}
	pending := engine.Status{Fragment: &model.Split{}, Needed: 2, Acked: 1}
	steps := []struct {
		name       string
		after      time.Duration
		generation int64
		status     engine.Status
		want       time.Duration
	}{
		{"at once", 0, 1, pending, soonest},
		{"again, as its status was written", 0, 1, pending, soonest},
		{"and again", 0, 1, pending, soonest},
		{"later", 400 * time.Millisecond, 1, pending, 400 * time.Millisecond},
		{"a new generation", time.Second, 2, pending, soonest},
		{"much later", time.Hour, 2, pending, latest},
		{"all have it", time.Second, 2, engine.Status{Fragment: &model.Split{}, Needed: 2, Acked: 2}, 0},
		{"one more pod", time.Second, 2, pending, soonest},
		{"not in force", time.Second, 3, engine.Status{}, 0},
	}
	for _, s := range steps {
		now.SetTime(now.Now().Add(s.after))
		w := r.look(ref, &unstructured.Unstructured{}, judgement{generation: s.generation, status: s.status})
		if got := w.pause(now.Now()); got != s.want {
			t.Errorf("%s: asked again after %v, want %v", s.name, got, s.want)
		}
	}
}
