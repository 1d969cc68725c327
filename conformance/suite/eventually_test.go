package suite

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/adapter"
)

func TestAwaitThatWaitsAndSaysWhatItWaitedFor(t *testing.T) {
	_, e := newWorld("")
	tries := 0
	if message := failing(func() {
		e.AwaitThat(t.Context(), "an Event", func(context.Context) error {
			if tries++; tries < 3 {
				return errors.New("none yet")
			}
			return nil
		})
	}); message != "" {
		t.Error(message)
	}
	e.convergence = 100 * time.Millisecond // it is to run out
	message := failing(func() {
		e.AwaitThat(t.Context(), "an Event", func(context.Context) error { return errors.New("none at all") })
	})
	if !strings.Contains(message, "an Event") || !strings.Contains(message, "none at all") {
		t.Errorf("failed with %q", message)
	}
}

func TestTheEndOfATestWaitsForWhatIsToHoldAfterwards(t *testing.T) {
	w, e := newWorld("")
	want := func(o actors.Outcome) error {
		if o.Answered() == 0 {
			return errors.New("the root is not itself again")
		}
		return nil
	}
	e.Afterwards(e.ClientA(), anyCall, want)
	e.Afterwards(e.ClientA(), anyCall, want)
	w.answer = func(Actor, actors.Call) bool { return w.asked > 5 }
	if err := e.cleanUp(t.Context(), true); err != nil {
		t.Error(err)
	}
	if w.asked != 5+e.stable {
		t.Errorf("%d calls: as many good ones in a row as the adapter says are needed, once for equal calls", w.asked)
	}
	_, e = newWorld("")
	e.convergence = 100 * time.Millisecond // it is to run out
	e.Afterwards(e.ClientA(), anyCall, func(actors.Outcome) error { return errors.New("still split") })
	if err := e.cleanUp(t.Context(), true); err == nil || !strings.Contains(err.Error(), "still split") {
		t.Errorf("the test ends with %v", err)
	}
}

func TestPortsAreNamedAsTheMeshWantsThem(t *testing.T) {
	p := Ports{adapter.Ports{HTTP: adapter.Port{Name: "web", AppProtocol: "http"}, UDP: adapter.Port{Name: "udp"}}}
	for _, c := range []struct {
		text func(string, int, string) (string, error)
		want string
	}{
		{p.HTTP, `{"name":"web-a","protocol":"TCP","appProtocol":"http","port":9000,"targetPort":8080}`},
		{p.UDP, `{"name":"udp-a","protocol":"UDP","port":9000,"targetPort":8080}`},
	} {
		if got, err := c.text("-a", 9000, "8080"); err != nil || got != c.want {
			t.Errorf("got %s, %v, want %s", got, err, c.want)
		}
	}
	if got, _ := p.HTTP("", 80, "named"); !strings.Contains(got, `"targetPort":"named"`) {
		t.Errorf("a target that is a name: %s", got)
	}
}
