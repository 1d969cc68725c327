package table

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/weft-mesh/weft/test/compatibility/server"
)

// Each row says what is seen with nothing between client and server, so without a mesh the whole table holds.
func TestTheTableHoldsWithoutAMesh(t *testing.T) {
	cases := All()
	target := Target{Host: "127.0.0.1", Hurry: 50}
	s := &server.Server{Host: target.Host, Answers: Answers(cases)}
	stopped, ready := make(chan error, 1), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	go func() { stopped <- s.Serve(ctx, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-stopped:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	byName := map[string]Case{}
	for _, c := range cases {
		byName[c.Name] = c
	}
	Run(t.Context(), cases, target, 8, func(r Result) {
		t.Run(r.Case, func(t *testing.T) {
			t.Logf("%.1f s", r.Seconds)
			if problem := byName[r.Case].Judge(false, r.Saw); problem != "" {
				t.Error(problem)
			}
		})
	})
}

func TestRowsAreComplete(t *testing.T) {
	names, slugs := map[string]bool{}, map[string]bool{}
	for _, c := range All() {
		if names[c.Name] || c.Answer != nil && slugs[slug(c.Name)] {
			t.Errorf("two rows are named %q", c.Name)
		}
		names[c.Name] = true
		if c.Answer != nil {
			slugs[slug(c.Name)] = true
		}
		if c.Want == "" || c.Do == nil {
			t.Errorf("%s: nothing is wanted, or done", c.Name)
		}
		if c.Mesh != nil && (c.Mesh.Why == "" || c.Mesh.Want == c.Want) {
			t.Errorf("%s: a difference without a reason, or none", c.Name)
		}
	}
}

func TestJudge(t *testing.T) {
	c := Case{Want: "200", Mesh: &Difference{Want: "502", Why: "x"}}
	for _, tc := range []struct {
		mesh bool
		saw  string
		good bool
	}{{false, "200", true}, {false, "502", false}, {true, "502", true}, {true, "200", false}} {
		if got := c.Judge(tc.mesh, tc.saw); (got == "") != tc.good {
			t.Errorf("mesh %v, saw %s: %q", tc.mesh, tc.saw, got)
		}
	}
	if (Case{Want: "200"}).Judge(true, "503") == "" {
		t.Error("a row without a difference holds in the mesh too")
	}
}

func TestSlowCasesRunBesideTheOthers(t *testing.T) {
	quick := make(chan struct{})
	cases := []Case{
		{Name: "slow", Slow: true, Do: func(context.Context, Target) string { <-quick; return "after" }},
		{Name: "quick", Do: func(context.Context, Target) string { close(quick); return "before" }},
	}
	var saw []string
	Run(t.Context(), cases, Target{}, 1, func(r Result) { saw = append(saw, r.Saw) })
	if got := strings.Join(saw, " "); got != "before after" {
		t.Error(got)
	}
}

func TestWaitsHurry(t *testing.T) {
	if got := (Target{Hurry: 50}).Wait(50 * time.Second); got != time.Second {
		t.Error(got)
	}
	if got := (Target{}).Wait(time.Second); got != time.Second {
		t.Error(got)
	}
}
