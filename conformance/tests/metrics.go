package tests

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/suite"
)

// What tests of TrafficMetrics have in common: they make a known number of calls and wait until the API says as much.

// metricsAPI is the path of the specification's version.
const metricsAPI = "/apis/metrics.smi-spec.io/v1alpha1"

// Names of metrics.
const (
	successes = "success_count"
	failures  = "failure_count"
)

// object refers to an object.
type object struct {
	Kind, Namespace, Name, APIVersion string
}

// trafficMetrics is one object of the API.
type trafficMetrics struct {
	Kind     string
	Resource object
	Edge     struct {
		Direction, Side string
		Resource        object
	}
	Backend *struct {
		Apex, Name string
		Weight     int64
	}
	Timestamp metav1.Time
	Window    metav1.Duration
	Metrics   []struct {
		Name, Unit string
		Value      resource.Quantity
	}
}

type trafficMetricsList struct {
	Kind     string
	Resource object
	Selector *metav1.LabelSelector
	Items    []trafficMetrics
}

// path is that of a resource in Main, or of what is below it: path(e, "pods", name, "edges").
func path(e *suite.Env, parts ...string) string {
	switch parts[0] {
	case "namespaces", "nodes":
		return metricsAPI + "/" + strings.Join(parts, "/")
	}
	return metricsAPI + "/namespaces/" + e.Main + "/" + strings.Join(parts, "/")
}

// get reads the traffic of one object.
func get(ctx context.Context, e *suite.Env, parts ...string) (trafficMetrics, error) {
	var m trafficMetrics
	err := e.Read(ctx, path(e, parts...)).Into(&m)
	return m, err
}

// list reads that of several.
func list(ctx context.Context, e *suite.Env, parts ...string) (trafficMetricsList, error) {
	var l trafficMetricsList
	if err := e.Read(ctx, path(e, parts...)).Into(&l); err != nil {
		return l, err
	}
	if l.Kind != "TrafficMetricsList" {
		return l, fmt.Errorf("the list's kind is %q", l.Kind)
	}
	return l, nil
}

// value is a metric's.
func (m trafficMetrics) value(name string) (resource.Quantity, error) {
	for _, metric := range m.Metrics {
		if metric.Name == name {
			return metric.Value, nil
		}
	}
	return resource.Quantity{}, fmt.Errorf("%s %s has no %s", m.Resource.Kind, m.Resource.Name, name)
}

// count is a metric that is a whole number.
func (m trafficMetrics) count(name string) (int, error) {
	v, err := m.value(name)
	if err != nil {
		return 0, err
	}
	n, whole := v.AsInt64()
	if !whole {
		return 0, fmt.Errorf("%s of %s %s is %s, not a count", name, m.Resource.Kind, m.Resource.Name, v.String())
	}
	return int(n), nil
}

// has wants counts of an object: has(m, successes, 7, failures, 1).
func has(m trafficMetrics, pairs ...any) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		name, want := pairs[i].(string), pairs[i+1].(int)
		if got, err := m.count(name); err != nil {
			return err
		} else if got != want {
			return fmt.Errorf("%s of %s %s is %d, and %d were sent", name, m.Resource.Kind, m.Resource.Name, got, want)
		}
	}
	return nil
}

// awaitCounts waits until an object of Main has counts, and returns it.
func awaitCounts(ctx context.Context, e *suite.Env, plural, name string, pairs ...any) trafficMetrics {
	var m trafficMetrics
	e.AwaitThat(ctx, fmt.Sprintf("the traffic of %s/%s", plural, name), func(ctx context.Context) (err error) {
		if m, err = get(ctx, e, plural, name); err != nil {
			return err
		}
		return has(m, pairs...)
	})
	return m
}

// deliver makes a call until enough is true of all answers, and then n times more. It is for servers that callers do not
// know yet: what they met before is in the sum as well.
func deliver(ctx context.Context, e *suite.Env, from suite.Actor, call actors.Call, n int, enough func(actors.Outcome) error) actors.Outcome {
	sum := actors.Outcome{Servers: map[string]int{}, Pods: map[string]int{}, Codes: map[string]int{}, Errors: map[string]int{}}
	add := func(o actors.Outcome) {
		sum.Count += o.Count
		plus(sum.Servers, o.Servers)
		plus(sum.Pods, o.Pods)
		plus(sum.Codes, o.Codes)
		plus(sum.Errors, o.Errors)
	}
	e.AwaitThat(ctx, "an answer of "+call.Address, func(ctx context.Context) error {
		add(e.Call(ctx, from, call)[0])
		return enough(sum)
	})
	add(e.Measure(ctx, from, call, n))
	return sum
}

func plus(sums, more map[string]int) {
	for key, n := range more {
		sums[key] += n
	}
}

// awaitAvailable waits until the pods of a Deployment are.
func awaitAvailable(ctx context.Context, e *suite.Env, name string) {
	deployments := schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	e.AwaitThat(ctx, "Deployment "+name, func(ctx context.Context) error {
		o, err := e.Client.Resource(deployments).Namespace(e.Main).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if n, _, _ := unstructured.NestedInt64(o.Object, "status", "availableReplicas"); n == 0 {
			return errors.New("no pod is available")
		}
		return nil
	})
}

// answered is enough when a server has answered at all.
func answered(o actors.Outcome) error {
	if o.Answered() == 0 {
		return errors.New("no server answers")
	}
	return nil
}

// peers adds up the successes of the edges of one direction by the workload at their other end. An implementation may say
// it by its pods or by what holds them: both begin with the workload's name.
func peers(l trafficMetricsList, direction, side string, workloads ...suite.Actor) (map[suite.Actor]int, error) {
	sums := map[suite.Actor]int{}
	for _, item := range l.Items {
		if item.Edge.Direction != direction || item.Edge.Side != side {
			continue
		}
		for _, w := range workloads {
			if r := item.Edge.Resource; r.Namespace == w.Namespace && (r.Name == w.Name || strings.HasPrefix(r.Name, w.Name+"-")) {
				n, err := item.count(successes)
				if err != nil {
					return nil, err
				}
				sums[w] += n
			}
		}
	}
	return sums, nil
}

// seconds is a quantity as a duration.
func seconds(q resource.Quantity) time.Duration {
	return time.Duration(q.AsApproximateFloat64() * float64(time.Second))
}

// trafficOf is the test of a kind that holds pods: the servers of one name are its own.
func trafficOf(plural, kind, name string) func(context.Context, *suite.Env) {
	return func(ctx context.Context, e *suite.Env) {
		sent := deliver(ctx, e, e.ClientA(), fetch(e, name, 8080), 17, answered)
		m := awaitCounts(ctx, e, plural, name, successes, sent.Answered())
		Expect(m.Resource.Kind).To(Equal(kind))
		Expect(m.Resource.Namespace).To(Equal(e.Main))
		Expect(m.Resource.Name).To(Equal(name))
	}
}
