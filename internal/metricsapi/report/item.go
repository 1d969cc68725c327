package report

import (
	"math"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/weft-mesh/weft/api/trafficmetrics"
	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/model"
)

// Unit is how latencies are written.
type Unit string

// The specification says seconds, smi-sdk-go milliseconds.
const (
	Seconds      Unit = "seconds"
	Milliseconds Unit = "ms"
)

// latency keeps microseconds.
func (u Unit) latency(ms float64) resource.Quantity {
	micros := int64(math.Round(ms * 1000))
	if u == Milliseconds {
		return *resource.NewScaledQuantity(micros, resource.Milli)
	}
	return *resource.NewScaledQuantity(micros, resource.Micro)
}

func (q Question) item(r Resource, key model.Key, labels Labels, edge trafficmetrics.Edge, counts *figures.Counts) trafficmetrics.TrafficMetrics {
	return trafficmetrics.TrafficMetrics{
		TypeMeta: metav1.TypeMeta{},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: key.Namespace, Name: key.Name, Labels: labels,
			CreationTimestamp: metav1.NewTime(q.End),
		},
		Timestamp: metav1.NewTime(q.End),
		Window:    metav1.Duration{Duration: q.Window},
		Resource:  reference(r, key),
		Edge:      edge,
		Metrics:   metrics(counts, q.Unit, q.Window),
	}
}

func reference(r Resource, key model.Key) trafficmetrics.ObjectReference {
	return trafficmetrics.ObjectReference{Kind: r.Kind, Namespace: key.Namespace, Name: key.Name, APIVersion: r.APIVersion}
}

// metrics has no quantiles where nothing was answered, and nothing of denials and
// of connections where there were none.
func metrics(c *figures.Counts, unit Unit, window time.Duration) []trafficmetrics.Metric {
	var all []trafficmetrics.Metric
	for _, quantile := range []struct {
		name string
		q    float64
	}{{trafficmetrics.P99Latency, 0.99}, {trafficmetrics.P90Latency, 0.9}, {trafficmetrics.P50Latency, 0.5}} {
		if ms, ok := c.Latency.Quantile(quantile.q); ok {
			all = append(all, trafficmetrics.Metric{Name: quantile.name, Unit: string(unit), Value: unit.latency(ms)})
		}
	}
	all = append(all,
		count(trafficmetrics.SuccessCount, c.Success),
		count(trafficmetrics.FailureCount, c.Failure),
		count(trafficmetrics.DeniedCount, c.Denied),
	)
	if c.Denied > 0 {
		all = append(all,
			count(trafficmetrics.DeniedRouteCount, c.DeniedRoute),
			count(trafficmetrics.DeniedCertificateCount, c.DeniedCertificate),
		)
	}
	if c.Connections+c.BytesIn+c.BytesOut+c.OpenSeconds > 0 {
		open := resource.NewMilliQuantity(int64(math.Round(min(float64(c.OpenSeconds)/window.Seconds()*1000, 1e15))), resource.DecimalSI)
		all = append(all,
			count(trafficmetrics.ConnectionCount, c.Connections),
			trafficmetrics.Metric{Name: trafficmetrics.OpenConnections, Value: *open},
			count(trafficmetrics.ReceivedBytes, c.BytesIn),
			count(trafficmetrics.SentBytes, c.BytesOut),
		)
	}
	return all
}

func count(name string, n uint64) trafficmetrics.Metric {
	return trafficmetrics.Metric{Name: name, Value: *resource.NewQuantity(int64(min(n, math.MaxInt64)), resource.DecimalSI)}
}

// share is a part of a whole in thousandths.
func share(part, whole uint64) *resource.Quantity {
	if whole == 0 {
		return nil
	}
	return resource.NewMilliQuantity(int64(math.Round(float64(part)/float64(whole)*1000)), resource.DecimalSI)
}
