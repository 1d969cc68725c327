package e2e

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/weft-mesh/weft/test/cluster"
	"github.com/weft-mesh/weft/test/traffic"
)

var _ = Describe("A weight", func() {
	It("reaches the proxies, and the next request, in a time that is printed", func(ctx SpecContext) {
		const changes = 50
		w := newWorld(ctx, "weft.mesh/access=permissive")
		w.apply(ctx, web())
		w.deploy(ctx, server("v1", 1), server("v2", 1), call("client"))
		w.program(ctx, split(1, 0))
		caller := w.caller("client", doorWeb)
		Expect(caller.Count(ctx, 20, traffic.Call{}, version)).To(Equal(traffic.Counts{"v1": 20}))

		var acked, followed []time.Duration
		for i := range changes {
			weights, want := split(0, 1), "v2"
			if i%2 == 1 {
				weights, want = split(1, 0), "v1"
			}
			ack, follow := w.change(ctx, caller, weights, want)
			acked, followed = append(acked, ack), append(followed, follow)
		}
		for what, times := range map[string][]time.Duration{
			"apply to Programmed, which follows the last ACK": acked,
			"apply to the first request that follows":         followed,
		} {
			at := func(share float64) time.Duration {
				return traffic.Percentile(times, share).Round(100 * time.Microsecond)
			}
			report("%s: p50 %v, p90 %v, p99 %v of %d weight changes", what, at(0.5), at(0.9), at(0.99), changes)
		}
	}, SpecTimeout(5*time.Minute))
})

// change applies weights and measures how long it takes until Programmed tells of them, and until an answer comes
// from the wanted version.
func (w world) change(ctx context.Context, caller *traffic.Caller, weights, want string) (acked, followed time.Duration) {
	GinkgoHelper()
	objects, err := cluster.Decode(weights)
	Expect(err).NotTo(HaveOccurred())
	programmed := make(chan error, 1)
	start := time.Now()
	Expect(mesh.Apply(ctx, w.namespace, weights)).To(Succeed())
	go func() {
		o := &unstructured.Unstructured{Object: objects[0].Object}
		o.SetNamespace(w.namespace)
		programmed <- mesh.WaitCondition(ctx, o, "Programmed", metav1.ConditionTrue)
		acked = time.Since(start)
	}()
	Eventually(ctx, func() (string, error) {
		answer, err := caller.Do(ctx, traffic.Call{})
		return version(answer), err
	}).WithPolling(time.Millisecond).Should(Equal(want))
	followed = time.Since(start)
	Eventually(ctx, programmed).Should(Receive(BeNil()))
	return acked, followed
}
