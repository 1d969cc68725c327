package compatibility

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/test/compatibility/table"
)

// sightings are what clients saw, by side, family and row.
type sightings struct {
	mu   sync.Mutex
	saw  map[string]map[string]table.Result
	errs []error
}

func place(s *side, f family) string { return fmt.Sprintf("%v over %s", s, f.name) }

func (r *sightings) note(s *side, f family, saw map[string]table.Result, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("%s: %w", place(s, f), err))
	}
	if r.saw == nil {
		r.saw = map[string]map[string]table.Result{}
	}
	if r.saw[place(s, f)] == nil {
		r.saw[place(s, f)] = map[string]table.Result{}
	}
	for name, result := range saw {
		r.saw[place(s, f)][name] = result
	}
}

// look runs the rows of groups on both sides. Slow ones all run at once, as they wait more than they work; meanwhile the
// others run family by family, so that a small machine is not what is tested.
func (w *world) look(ctx context.Context, groups ...table.Group) *sightings {
	r := &sightings{}
	var all sync.WaitGroup
	for _, f := range w.families {
		for _, group := range groups {
			all.Go(func() { w.both(ctx, r, f, group, "slow") })
		}
	}
	for _, f := range w.families {
		for _, group := range groups {
			w.both(ctx, r, f, group, "quick")
		}
	}
	all.Wait()
	return r
}

// both runs the rows of a group that have a pace, on both sides at once.
func (w *world) both(ctx context.Context, r *sightings, f family, group table.Group, pace string) {
	suffix := f.suffix
	if group == table.Steady {
		suffix = "-steady" + f.suffix
	}
	var sides sync.WaitGroup
	for _, s := range w.sides {
		sides.Go(func() {
			saw, err := s.run(ctx, group, suffix, pace, *only)
			r.note(s, f, saw, err)
		})
	}
	sides.Wait()
}

// judge is a spec of each row, once for each family that a cluster may have.
func judge(group table.Group, w **world, r **sightings) {
	for _, c := range chosen(group) {
		for _, f := range families {
			It(c.Name+", over "+f.name, func() {
				if !(*w).has(f) {
					Skip("the cluster has no " + f.name)
				}
				for _, s := range (*w).sides {
					result, ok := (*r).saw[place(s, f)][c.Name]
					Expect(ok).To(BeTrue(), "%v: no result", s)
					Expect(c.Judge(s.meshed, result.Saw)).To(BeEmpty(), "%v, after %.1f s", s, result.Seconds)
				}
			})
		}
	}
}

func (w *world) has(f family) bool {
	for _, own := range w.families {
		if own == f {
			return true
		}
	}
	return false
}

var _ = Describe("What works without the mesh", Ordered, ContinueOnFailure, func() {
	var w *world
	var saw *sightings

	BeforeAll(func(ctx SpecContext) {
		w = newWorld(ctx)
		done, end := context.WithCancel(ctx)
		var changes sync.WaitGroup
		changes.Go(func() { w.changeOtherThings(done) })
		saw = w.look(ctx, table.Messages, table.Mixed, table.Self, table.Steady)
		end()
		changes.Wait()
		Expect(errors.Join(saw.errs...)).NotTo(HaveOccurred())
	}, NodeTimeout(5*time.Minute))

	Context("works in it", func() { judge(table.Messages, &w, &saw) })
	Context("to Services that are more than pods of the mesh, works in it", func() { judge(table.Mixed, &w, &saw) })
	Context("from a pod to itself, works in it", func() { judge(table.Self, &w, &saw) })
	Context("goes on in it", func() { judge(table.Steady, &w, &saw) })

	It("costs no sidecar its life", func(ctx SpecContext) { w.noRestarts(ctx) }, NodeTimeout(time.Minute))

	describeData(&w)
})

// changeOtherThings makes and deletes Services that have to do with the steady server's pods, or nothing, until it is
// told to stop.
func (w *world) changeOtherThings(ctx context.Context) {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for i := 0; ; i++ {
		for _, s := range w.sides {
			for _, f := range w.families {
				all := bystanderServices(f)
				text := all[i/2%len(all)]
				if i%2 == 0 {
					_ = mesh.Apply(ctx, s.namespace, text)
				} else {
					_ = mesh.Delete(ctx, s.namespace, text)
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// noRestarts asks whether every sidecar is still the first.
func (w *world) noRestarts(ctx context.Context) {
	GinkgoHelper()
	for _, app := range []string{"client", "app", "steady"} {
		pod := w.sides[1].pod(ctx, app)
		Expect(pod.Status.InitContainerStatuses).NotTo(BeEmpty(), "%s has no sidecar", app)
		for _, c := range pod.Status.InitContainerStatuses {
			Expect(c.RestartCount).To(BeZero(), "%s of %s: %+v", c.Name, app, c.LastTerminationState.Terminated)
		}
	}
}
