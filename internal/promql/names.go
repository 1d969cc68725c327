package promql

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// maxSelectors bounds match[].
const maxSelectors = 100

// maxFound bounds the series that /series answers with.
const maxFound = 50_000

func (s *Server) labelNames(r *request) (any, error) {
	return s.collect(r, func(q *querier, m []*labels.Matcher) ([]string, error) {
		names, _, err := q.LabelNames(r.Context(), nil, m...)
		return names, err
	})
}

func (s *Server) labelValues(r *request) (any, error) {
	name := r.PathValue("name")
	if !model.UTF8Validation.IsValidLabelName(name) {
		return nil, invalid("name", errors.New("it is no name of a label"))
	}
	return s.collect(r, func(q *querier, m []*labels.Matcher) ([]string, error) {
		values, _, err := q.LabelValues(r.Context(), name, nil, m...)
		return values, err
	})
}

// collect gives what is found by any of the request's selectors, sorted.
func (s *Server) collect(r *request, find func(*querier, []*labels.Matcher) ([]string, error)) (any, error) {
	limit, err := r.limit()
	if err != nil {
		return nil, err
	}
	selectors, err := s.matchers(r)
	if err != nil {
		return nil, err
	}
	if len(selectors) == 0 {
		selectors = append(selectors, nil)
	}
	found := map[string]bool{}
	for _, m := range selectors {
		names, err := find(&querier{queryable: s.data}, m)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			found[n] = true
		}
	}
	all := slices.AppendSeq([]string{}, maps.Keys(found))
	slices.Sort(all)
	if limit > 0 && len(all) > limit {
		all = all[:limit]
	}
	return all, nil
}

func (s *Server) series(r *request) (any, error) {
	limit, err := r.limit()
	if err != nil {
		return nil, err
	}
	selectors, err := s.matchers(r)
	if err != nil {
		return nil, err
	}
	if len(selectors) == 0 {
		return nil, invalid("match[]", errors.New("there is none"))
	}
	limit = min(cmp.Or(limit, maxFound), maxFound)
	found := map[uint64]labels.Labels{}
	for _, m := range selectors {
		err := (&querier{queryable: s.data}).each(r.Context(), m, func(one selected) bool {
			found[one.labels.Hash()] = one.labels
			return len(found) < limit
		})
		if err != nil {
			return nil, err
		}
	}
	return slices.SortedFunc(maps.Values(found), labels.Compare), nil
}

// buildInfo is what Grafana asks first.
func (s *Server) buildInfo(*request) (any, error) {
	return map[string]string{"version": engineVersion}, nil
}

// engineVersion is the release of Prometheus whose engine this is.
const engineVersion = "3.15.0"
