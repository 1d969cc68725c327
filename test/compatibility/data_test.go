package compatibility

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/test/compatibility/table"
)

// mostMemory is what a sidecar may have allocated while many peers are slower than their servers: its default limit is
// 512 MiB.
const mostMemory = 128 << 20

// describeData are the rows of much data, one after the other, as each needs the machine for itself.
func describeData(w **world) {
	for _, c := range chosen(table.Heavy) {
		It("works in it: "+c.Name, func(ctx SpecContext) {
			f := (*w).families[0]
			var seconds [2]float64
			for i, s := range (*w).sides {
				watched := s.watchMemory(ctx)
				saw, err := s.run(ctx, table.Heavy, f.suffix, "", "^"+regexp.QuoteMeta(c.Name)+"$")
				most := watched()
				Expect(err).NotTo(HaveOccurred())
				Expect(c.Judge(s.meshed, saw[c.Name].Saw)).To(BeEmpty(), "%v", s)
				seconds[i] = saw[c.Name].Seconds
				for app, bytes := range most {
					report("%s: the sidecar of %s had up to %d MiB", c.Name, app, bytes>>20)
					Expect(bytes).To(BeNumerically("<", mostMemory), "the memory of the sidecar of %s", app)
				}
			}
			report("%s: %.2f s without a mesh, %.2f s in it", c.Name, seconds[0], seconds[1])
			(*w).noRestarts(ctx)
		}, NodeTimeout(3*time.Minute))
	}
}

// watchMemory reads what the sidecars of client and server have allocated until the returned function is called, which
// gives the most of each. Outside of the mesh there is nothing to read.
func (s *side) watchMemory(ctx context.Context) func() map[string]int {
	GinkgoHelper()
	most := map[string]int{}
	if !s.meshed {
		return func() map[string]int { return most }
	}
	ctx, end := context.WithCancel(ctx)
	var all sync.WaitGroup
	var mu sync.Mutex
	for _, app := range []string{"client", "app"} {
		pod := s.pod(ctx, app).Name
		all.Go(func() {
			tick := time.NewTicker(500 * time.Millisecond)
			defer tick.Stop()
			for {
				if n, err := s.memory(ctx, pod); err == nil {
					mu.Lock()
					most[app] = max(most[app], n)
					mu.Unlock()
				}
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
			}
		})
	}
	return func() map[string]int {
		end()
		all.Wait()
		Expect(most).To(HaveLen(2), "a sidecar's memory was never read")
		return most
	}
}

var allocated = regexp.MustCompile(`(?m)^envoy_server_memory_allocated(?:\{[^}]*\})? (\d+)`)

// memory is what a pod's sidecar has allocated.
func (s *side) memory(ctx context.Context, pod string) (int, error) {
	text, err := mesh.Kube.CoreV1().Pods(s.namespace).ProxyGet("http", pod, "15020", "/stats/prometheus", map[string]string{"filter": "server.memory"}).DoRaw(ctx)
	if err != nil {
		return 0, err
	}
	found := allocated.FindSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("%s/%s does not say what it has allocated", s.namespace, pod)
	}
	return strconv.Atoi(string(found[1]))
}
