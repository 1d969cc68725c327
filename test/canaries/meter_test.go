package canaries

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/weft-mesh/weft/test/cluster"
	"github.com/weft-mesh/weft/test/traffic"
)

// door is the port of a meter's pod that leads to the root Service.
const door = 9001

// callers is how many connections a sample is taken over: slow answers to some must not hold up the others for long.
const callers = 40

// Pauses between the calls that a meter makes all the time, and between those of a sample. A sample is no load test:
// several meters share a machine with all that they measure.
const (
	pause       = 50 * time.Millisecond
	samplePause = 8 * time.Millisecond
)

// meter calls a root Service from a pod of the mesh, and counts who answered and what failed.
type meter struct {
	callers []*traffic.Caller
	stop    func()

	mu       sync.Mutex
	calls    int
	failures traffic.Counts
}

// meterPod is a pod with a door to a root Service.
func meterPod(root string) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: meter, labels: {app: meter}}
spec:
  terminationGracePeriodSeconds: 5
  containers:
    - name: app
      image: %s
      args: [server, -loglevel, warning, -P, "%d %s"]
      readinessProbe: {httpGet: {path: /debug, port: 8080}, periodSeconds: 1, timeoutSeconds: 5}
`, fortio, door, root)
}

// newMeter starts a pod that calls a root Service, as in "web:80".
func newMeter(ctx context.Context, namespace, root string) (*meter, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*patience)
	defer cancel()
	if err := mesh.Apply(ctx, namespace, meterPod(root)); err != nil {
		return nil, err
	}
	ready := func(ctx context.Context) error {
		_, err := mesh.ReadyPod(ctx, namespace, map[string]string{"app": "meter"})
		return err
	}
	if err := cluster.Wait(ctx, "the meter of "+namespace, ready); err != nil {
		return nil, err
	}
	m := &meter{failures: traffic.Counts{}}
	opened := func(ctx context.Context) error { return m.open(ctx, namespace) }
	if err := cluster.Wait(ctx, "an answer to the meter of "+namespace, opened); err != nil {
		return nil, err
	}
	return m, nil
}

// open connects to the meter's pod and makes a call.
func (m *meter) open(ctx context.Context, namespace string) error {
	address, stop, err := mesh.Forward(namespace, "meter", door)
	if err != nil {
		return err
	}
	m.stop, m.callers = stop, nil
	for range callers + 1 {
		m.callers = append(m.callers, traffic.NewCaller(address))
	}
	if _, err := m.callers[0].Do(ctx, traffic.Call{}); err != nil {
		m.close()
		return err
	}
	return nil
}

func (m *meter) close() {
	for _, c := range m.callers {
		c.Close()
	}
	m.stop()
}

// call makes one call and returns the pod that answered it.
func (m *meter) call(ctx context.Context, caller *traffic.Caller) string {
	answer, err := caller.Do(ctx, traffic.Call{})
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	switch {
	case err != nil:
		m.failures[err.Error()]++
		return "nobody"
	case answer.Status != 200:
		m.failures[fmt.Sprintf("status %d of pod %q: %.80s", answer.Status, answer.Header.Get("X-Pod"), answer.Body)]++
	}
	return answer.Header.Get("X-Pod")
}

// run calls at a steady pace until the context ends.
func (m *meter) run(ctx context.Context) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			m.call(context.WithoutCancel(ctx), m.callers[callers])
		}
	}
}

// sample makes n calls, and counts them by what name makes of the pod that answered.
func (m *meter) sample(ctx context.Context, n int, name func(pod string) string) traffic.Counts {
	turns := make(chan struct{})
	go func() {
		defer close(turns)
		tick := time.NewTicker(samplePause)
		defer tick.Stop()
		for range n {
			<-tick.C
			turns <- struct{}{}
		}
	}()
	counts, mu := traffic.Counts{}, sync.Mutex{}
	var workers sync.WaitGroup
	for _, caller := range m.callers[:callers] {
		workers.Go(func() {
			for range turns {
				pod := m.call(ctx, caller)
				mu.Lock()
				counts[name(pod)]++
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	return counts
}

// tally returns how many calls there were since it was last asked, and which failed.
func (m *meter) tally() (int, traffic.Counts) {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls, failures := m.calls, m.failures
	m.calls, m.failures = 0, traffic.Counts{}
	return calls, failures
}
