package promql

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// result is the data of an answer to a query.
type result struct {
	Type  parser.ValueType `json:"resultType"`
	Value parser.Value     `json:"result"`
}

func (s *Server) query(r *request) (any, error) {
	limit, err := r.limit()
	if err != nil {
		return nil, err
	}
	at, err := r.time("time", s.o.Clock.Now())
	if err != nil {
		return nil, err
	}
	return s.run(r, limit, func(ctx context.Context) (promql.Query, error) {
		return s.engine.NewInstantQuery(ctx, s.data, nil, r.Form.Get("query"), at)
	})
}

func (s *Server) queryRange(r *request) (any, error) {
	limit, err := r.limit()
	if err != nil {
		return nil, err
	}
	start, err := r.time("start", time.Time{})
	if err != nil {
		return nil, err
	}
	end, err := r.time("end", time.Time{})
	if err != nil {
		return nil, err
	}
	if end.Before(start) {
		return nil, invalid("end", errors.New("it is before start"))
	}
	step, err := r.duration("step")
	if err != nil {
		return nil, err
	}
	if step <= 0 {
		return nil, invalid("step", errors.New("it must be more than 0"))
	}
	if end.Sub(start)/step > maxPoints {
		return nil, invalid("step", fmt.Errorf("more than %d points of a series", maxPoints))
	}
	return s.run(r, limit, func(ctx context.Context) (promql.Query, error) {
		return s.engine.NewRangeQuery(ctx, s.data, nil, r.Form.Get("query"), start, end, step)
	})
}

// run gives the value of a query.
func (s *Server) run(r *request, limit int, parse func(context.Context) (promql.Query, error)) (any, error) {
	ctx := r.Context()
	if r.Form.Get("timeout") != "" {
		timeout, err := r.duration("timeout")
		if err != nil {
			return nil, err
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	q, err := parse(ctx)
	if err != nil {
		return nil, invalid("query", err)
	}
	r.finish = q.Close
	got := q.Exec(ctx)
	if got.Err != nil {
		return nil, got.Err
	}
	r.warnings.Merge(got.Warnings)
	return result{got.Value.Type(), cut(got.Value, limit)}, nil
}

// cut keeps as many series as the limit says; all where it is zero.
func cut(v parser.Value, limit int) parser.Value {
	switch v := v.(type) {
	case promql.Vector:
		if limit > 0 && len(v) > limit {
			return v[:limit]
		}
	case promql.Matrix:
		if limit > 0 && len(v) > limit {
			return v[:limit]
		}
	}
	return v
}
