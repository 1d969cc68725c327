package promql

import (
	"slices"
	"strconv"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/internal/promql/history"
)

// metric is one name of a view.
type metric struct {
	view *view
	name string
	// buckets tells that each series is one for each bucket.
	buckets bool
}

func (v *view) metrics() []metric {
	if v.figure != figures.Durations {
		return []metric{{view: v, name: v.metric}}
	}
	return []metric{{view: v, name: v.metric + "_bucket", buckets: true}, {view: v, name: v.metric + "_count"}}
}

// bounds are the values of the label le.
var bounds = func() []string {
	var all []string
	for _, b := range figures.Bounds() {
		all = append(all, strconv.FormatFloat(b, 'f', -1, 64))
	}
	return append(all, "+Inf")
}()

// question is what matchers ask of a metric's series.
type question struct {
	labels []asked
	bounds []*labels.Matcher
}

type asked struct {
	matcher *labels.Matcher
	value   func(*figures.Detail) string
}

// matches tells whether series of the metric can match, and what is left to ask
// of each.
func (m metric) matches(matchers []*labels.Matcher) (q question, ok bool) {
	for _, on := range matchers {
		switch i := slices.IndexFunc(m.view.labels, func(l label) bool { return l.name == on.Name }); {
		case on.Name == model.MetricNameLabel:
			if !on.Matches(m.name) {
				return q, false
			}
		case on.Name == labels.BucketLabel && m.buckets:
			q.bounds = append(q.bounds, on)
		case i >= 0:
			q.labels = append(q.labels, asked{on, m.view.labels[i].value})
		case !on.Matches(""):
			return q, false
		}
	}
	return q, true
}

func (q *question) match(d *figures.Detail) bool {
	for _, a := range q.labels {
		if !a.matcher.Matches(a.value(d)) {
			return false
		}
	}
	return true
}

// selected calls f with one series, or with that of each bucket that is asked
// for.
func (m metric) selected(x *history.Series, q question, b *labels.ScratchBuilder, f func(selected) bool) bool {
	if !m.buckets {
		return f(selected{series: x, labels: m.labels(x.Detail(), "", b), buckets: len(bounds)})
	}
	for i, le := range bounds {
		if slices.ContainsFunc(q.bounds, func(on *labels.Matcher) bool { return !on.Matches(le) }) {
			continue
		}
		if !f(selected{series: x, labels: m.labels(x.Detail(), le, b), buckets: i + 1}) {
			return false
		}
	}
	return true
}

func (m metric) labels(d *figures.Detail, le string, b *labels.ScratchBuilder) labels.Labels {
	b.Reset()
	b.Add(model.MetricNameLabel, m.name)
	if le != "" {
		b.Add(labels.BucketLabel, le)
	}
	for _, l := range m.view.labels {
		if v := l.value(d); v != "" {
			b.Add(l.name, v)
		}
	}
	b.Sort()
	return b.Labels()
}
