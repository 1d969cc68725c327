package metricsapi

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/weft-mesh/weft/api/trafficmetrics"
)

// none is shown where there is no value.
const none = "-"

// column is one column of a table; a wide one is shown by -o wide alone.
type column struct {
	name, help string
	wide       bool
	show       func(*trafficmetrics.TrafficMetrics) string
}

// columns are a table.
type columns []column

var nameColumn = column{name: "Name", help: "The resource", show: func(t *trafficmetrics.TrafficMetrics) string { return t.Name }}

var valueColumns = columns{
	{"Success", "The share of requests, or of TCP connections, that did not fail", false, success},
	{"RPS", "Requests, or TCP connections, a second", false, rate},
	{"P50", "Half of the requests took no longer", false, latency(trafficmetrics.P50Latency)},
	{"P90", "90% of the requests took no longer", false, latency(trafficmetrics.P90Latency)},
	{"P99", "99% of the requests took no longer", false, latency(trafficmetrics.P99Latency)},
	{"Window", "How long was counted", false, func(t *trafficmetrics.TrafficMetrics) string { return short(t.Window.Duration) }},
	{"Failed", "Requests, or TCP connections, that failed", true, number(trafficmetrics.FailureCount)},
	{"Denied", "Those that policy is the reason of", true, number(trafficmetrics.DeniedCount)},
	{"Missing", "What would have let the denied ones in: a TrafficTarget, a route in one, a certificate of the caller's", true, missing},
	{"Connections", "TCP connections and UDP sessions that ended", true, number(trafficmetrics.ConnectionCount)},
	{"Open", "TCP connections that were open on average", true, open},
	{"Received", "Bytes of TCP and UDP that came", true, number(trafficmetrics.ReceivedBytes)},
	{"Sent", "Bytes of TCP and UDP that went", true, number(trafficmetrics.SentBytes)},
}

var (
	resourceColumns = join(columns{nameColumn}, valueColumns)
	overviewColumns = join(columns{nameColumn}, valueColumns[:6], columns{{"Share", "Of a TrafficSplit's traffic: what was seen, and what is asked for", false, shares}}, valueColumns[6:])
	splitColumns    = join(columns{
		nameColumn,
		{"Apex", "The Service that is called", true, ofBackend(func(b *trafficmetrics.Backend) string { return b.Apex })},
		{"Backend", "The Service that the traffic went to", true, ofBackend(func(b *trafficmetrics.Backend) string { return b.Name })},
		{"Weight", "The weight that is asked for", false, ofBackend(func(b *trafficmetrics.Backend) string { return strconv.FormatInt(b.Weight, 10) })},
		{"Asked", "The weight's share of all weights", false, ofBackend(func(b *trafficmetrics.Backend) string { return percent(b.Asked) })},
		{"Seen", "The share of the traffic that went there", false, ofBackend(func(b *trafficmetrics.Backend) string { return percent(b.Seen) })},
	}, valueColumns)
	edgeColumns = join(columns{
		{"From", "Who calls", false, func(t *trafficmetrics.TrafficMetrics) string { return end(t, trafficmetrics.From) }},
		{"To", "Who is called", false, func(t *trafficmetrics.TrafficMetrics) string { return end(t, trafficmetrics.To) }},
		{"Direction", "Seen from the resource", false, func(t *trafficmetrics.TrafficMetrics) string { return string(t.Edge.Direction) }},
		{"Side", "Whose sidecar counted", false, func(t *trafficmetrics.TrafficMetrics) string { return string(t.Edge.Side) }},
		{"mTLS", "Whether both ends showed a certificate", false, secured},
	}, valueColumns, columns{{"Identity", "The other end's certificate", true, identity}})
)

func join(parts ...columns) columns {
	var all columns
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

// ConvertToTable is what kubectl prints.
func (c columns) ConvertToTable(_ context.Context, object, options runtime.Object) (*metav1.Table, error) {
	table := &metav1.Table{}
	switch o := object.(type) {
	case *trafficmetrics.TrafficMetricsList:
		table.ListMeta = o.ListMeta
		for i := range o.Items {
			table.Rows = append(table.Rows, c.row(&o.Items[i]))
		}
	case *trafficmetrics.TrafficMetrics:
		table.ResourceVersion = o.ResourceVersion
		table.Rows = append(table.Rows, c.row(o))
	default:
		return nil, fmt.Errorf("%T can't be shown as a table", object)
	}
	if o, ok := options.(*metav1.TableOptions); !ok || !o.NoHeaders {
		table.ColumnDefinitions = c.definitions()
	}
	return table, nil
}

func (c columns) definitions() []metav1.TableColumnDefinition {
	all := make([]metav1.TableColumnDefinition, 0, len(c))
	for i, column := range c {
		d := metav1.TableColumnDefinition{Name: column.name, Type: "string", Description: column.help}
		if i == 0 {
			d.Format = "name"
		}
		if column.wide {
			d.Priority = 1
		}
		all = append(all, d)
	}
	return all
}

func (c columns) row(t *trafficmetrics.TrafficMetrics) metav1.TableRow {
	row := metav1.TableRow{Object: runtime.RawExtension{Object: t}}
	for _, column := range c {
		row.Cells = append(row.Cells, column.show(t))
	}
	return row
}

func value(t *trafficmetrics.TrafficMetrics, name string) (*trafficmetrics.Metric, bool) {
	for i := range t.Metrics {
		if t.Metrics[i].Name == name {
			return &t.Metrics[i], true
		}
	}
	return nil, false
}

func amount(t *trafficmetrics.TrafficMetrics, name string) float64 {
	m, ok := value(t, name)
	if !ok {
		return 0
	}
	return m.Value.AsApproximateFloat64()
}

func success(t *trafficmetrics.TrafficMetrics) string {
	good := amount(t, trafficmetrics.SuccessCount)
	all := good + amount(t, trafficmetrics.FailureCount)
	if all == 0 {
		return none
	}
	return strconv.FormatFloat(good/all*100, 'f', 2, 64) + "%"
}

func rate(t *trafficmetrics.TrafficMetrics) string {
	seconds := t.Window.Seconds()
	if seconds <= 0 {
		return none
	}
	all := amount(t, trafficmetrics.SuccessCount) + amount(t, trafficmetrics.FailureCount)
	return strconv.FormatFloat(all/seconds, 'f', 1, 64)
}

func latency(name string) func(*trafficmetrics.TrafficMetrics) string {
	return func(t *trafficmetrics.TrafficMetrics) string {
		m, ok := value(t, name)
		if !ok {
			return none
		}
		ms := m.Value.AsApproximateFloat64()
		if m.Unit == "seconds" {
			ms *= 1000
		}
		switch {
		case ms < 10:
			return strconv.FormatFloat(ms, 'f', 1, 64) + "ms"
		case ms < 1000:
			return strconv.FormatFloat(ms, 'f', 0, 64) + "ms"
		}
		return strconv.FormatFloat(ms/1000, 'f', 2, 64) + "s"
	}
}

func number(name string) func(*trafficmetrics.TrafficMetrics) string {
	return func(t *trafficmetrics.TrafficMetrics) string {
		m, ok := value(t, name)
		if !ok {
			return none
		}
		return strconv.FormatInt(m.Value.Value(), 10)
	}
}

// missing is what denied ones lacked.
func missing(t *trafficmetrics.TrafficMetrics) string {
	denied, route, certificate := amount(t, trafficmetrics.DeniedCount), amount(t, trafficmetrics.DeniedRouteCount), amount(t, trafficmetrics.DeniedCertificateCount)
	var all []string
	for _, m := range []struct {
		count float64
		name  string
	}{{denied - route - certificate, "target"}, {route, "route"}, {certificate, "certificate"}} {
		if m.count > 0 {
			all = append(all, m.name)
		}
	}
	if len(all) == 0 {
		return none
	}
	return strings.Join(all, ",")
}

func open(t *trafficmetrics.TrafficMetrics) string {
	m, ok := value(t, trafficmetrics.OpenConnections)
	if !ok {
		return none
	}
	return strconv.FormatFloat(m.Value.AsApproximateFloat64(), 'f', 1, 64)
}

func ofBackend(show func(*trafficmetrics.Backend) string) func(*trafficmetrics.TrafficMetrics) string {
	return func(t *trafficmetrics.TrafficMetrics) string {
		if t.Backend == nil {
			return none
		}
		return show(t.Backend)
	}
}

// shares is empty for all but TrafficSplits.
func shares(t *trafficmetrics.TrafficMetrics) string {
	if t.Backend == nil {
		return ""
	}
	return percent(t.Backend.Seen) + " of " + percent(t.Backend.Asked)
}

func percent(q *resource.Quantity) string {
	if q == nil {
		return none
	}
	return strconv.FormatFloat(q.AsApproximateFloat64()*100, 'f', 1, 64) + "%"
}

func secured(t *trafficmetrics.TrafficMetrics) string {
	switch {
	case t.Edge.MTLS == nil:
		return none
	case *t.Edge.MTLS:
		return "yes"
	}
	return "no"
}

func identity(t *trafficmetrics.TrafficMetrics) string {
	if t.Edge.Identity == "" {
		return none
	}
	return t.Edge.Identity
}

// end is the end of an edge that traffic comes from, or goes to.
func end(t *trafficmetrics.TrafficMetrics, direction trafficmetrics.Direction) string {
	if t.Edge.Direction == direction {
		return named(t.Edge.Resource)
	}
	if t.Backend != nil {
		return named(t.Resource) + " (" + t.Backend.Name + ")"
	}
	return named(t.Resource)
}

func named(r trafficmetrics.ObjectReference) string {
	switch {
	case r.Kind == trafficmetrics.KindOutside:
		return "(outside)"
	case r.Namespace == "":
		return r.Name
	}
	return r.Namespace + "/" + r.Name
}

func short(d time.Duration) string {
	if d%time.Minute == 0 {
		return strconv.Itoa(int(d/time.Minute)) + "m"
	}
	return d.String()
}
