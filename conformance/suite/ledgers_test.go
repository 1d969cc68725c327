package suite

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/adapter"
)

func TestACallThatReachesAServerIsNotDenied(t *testing.T) {
	for name, leak := range map[string]func(w *world) bool{
		"at once":             func(*world) bool { return true },
		"once it seemed done": func(w *world) bool { return w.asked > 5 },
	} {
		t.Run(name, func(t *testing.T) {
			w, e := newWorld("")
			e.convergence = 100 * time.Millisecond // it is to run out
			w.answer = func(Actor, actors.Call) bool { return false }
			w.leak = func(actors.Call) bool { return leak(w) }
			message := failing(func() { e.Await(t.Context(), Denied(e.ClientA(), anyCall)) })
			if !strings.Contains(message, "smi-main/web-v1 received it") {
				t.Errorf("a mesh that delivers calls and hides the answers: %q", message)
			}
		})
	}
}

func TestADenialIsWaitedForUntilNothingReachesAServer(t *testing.T) {
	w, e := newWorld("")
	w.answer = func(Actor, actors.Call) bool { return false }
	w.leak = func(actors.Call) bool { return w.asked < 5 }
	if message := failing(func() { e.Await(t.Context(), Denied(e.ClientA(), anyCall)) }); message != "" {
		t.Error(message)
	}
	if err := e.cleanUp(t.Context(), true); err != nil {
		t.Error(err)
	}
	for mark := range w.marks {
		w.marks[mark] = 0
	}
	w.marks[e.refused[len(e.refused)-1].Call.Mark] = 1
	if err := e.cleanUp(t.Context(), true); err == nil || !strings.Contains(err.Error(), "received it") {
		t.Errorf("a call that arrives later: %v", err)
	}
}

// Servers that keep nothing would pass for servers that nothing reaches.
func TestServersThatKeepNothingAreFoundOut(t *testing.T) {
	w, e := newWorld("")
	e.convergence = 100 * time.Millisecond // it is to run out
	e.ledgers = forgetful{w}
	message := failing(func() { e.Await(t.Context(), Allowed(e.ClientA(), anyCall)) })
	if !strings.Contains(message, "says that it received 0") {
		t.Errorf("failed with %q", message)
	}
}

type forgetful struct{ *world }

func (f forgetful) received(ctx context.Context, _ []string) (map[Actor]map[string]int, error) {
	return f.world.received(ctx, nil)
}

func TestServersAreThoseOfAllPlaces(t *testing.T) {
	all := places(adapter.Adapter{}, []Test{{}})
	got := servers(all)
	want := []Actor{{namespaceOther, "web-v1"}, {namespaceOutside, "web-v1"}, {namespaceMain, "web-v1"}, {namespaceMain, "web-v2"}, {namespaceMain, "web-v3"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
