package promql

import (
	"context"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/weft-mesh/weft/internal/promql/history"
)

// queryable gives what is kept, by the names of the views.
type queryable struct {
	store *history.Store
	views []view
}

// Querier implements storage.Queryable.
func (q *queryable) Querier(from, to int64) (storage.Querier, error) {
	return &querier{queryable: q, from: from, to: to}, nil
}

type querier struct {
	*queryable
	from, to int64
}

// Close implements storage.Querier.
func (*querier) Close() error { return nil }

// Select implements storage.Querier.
func (q *querier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	from, to := q.from, q.to
	if hints != nil {
		from, to = max(from, hints.Start), min(to, hints.End)
	}
	var found []selected
	err := q.each(ctx, matchers, func(s selected) bool {
		s.from, s.to = from, to
		found = append(found, s)
		return true
	})
	if err != nil {
		return storage.ErrSeriesSet(err)
	}
	if sorted {
		slices.SortFunc(found, func(a, b selected) int { return labels.Compare(a.labels, b.labels) })
	}
	return &seriesSet{all: found, at: -1}
}

// LabelNames implements storage.Querier.
func (q *querier) LabelNames(ctx context.Context, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	names := map[string]bool{}
	err := q.each(ctx, matchers, func(s selected) bool {
		s.labels.Range(func(l labels.Label) { names[l.Name] = true })
		return true
	})
	return slices.Sorted(maps.Keys(names)), nil, err
}

// LabelValues implements storage.Querier.
func (q *querier) LabelValues(ctx context.Context, name string, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	values := map[string]bool{}
	err := q.each(ctx, matchers, func(s selected) bool {
		if v := s.labels.Get(name); v != "" {
			values[v] = true
		}
		return true
	})
	return slices.Sorted(maps.Keys(values)), nil, err
}

// each calls f with what matches, until it says false or ctx ends.
func (q *querier) each(ctx context.Context, matchers []*labels.Matcher, f func(selected) bool) error {
	builder := labels.NewScratchBuilder(24)
	for i := range q.views {
		for _, m := range q.views[i].metrics() {
			rest, ok := m.matches(matchers)
			if !ok {
				continue
			}
			more := true
			q.store.Each(func(x *history.Series) bool {
				if m.view.has(x.Detail()) && rest.match(x.Detail()) {
					more = m.selected(x, rest, &builder, f)
				}
				return more && ctx.Err() == nil
			})
			if !more || ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}

// seriesSet implements storage.SeriesSet.
type seriesSet struct {
	all []selected
	at  int
}

func (s *seriesSet) Next() bool                        { s.at++; return s.at < len(s.all) }
func (s *seriesSet) At() storage.Series                { return &s.all[s.at] }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }
