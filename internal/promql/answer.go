package promql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"
)

// request is one question.
type request struct {
	*http.Request
	warnings annotations.Annotations
	// finish is called when the answer has been written: its memory is then
	// another query's.
	finish func()
}

// failure is an error as the API tells it.
type failure struct {
	status int
	kind   string
	err    error
}

func (f *failure) Error() string { return f.err.Error() }

// invalid is a parameter that makes no sense.
func invalid(parameter string, err error) error {
	return &failure{http.StatusBadRequest, "bad_data", fmt.Errorf("invalid parameter %q: %w", parameter, err)}
}

// classify gives an error of the engine its status.
func classify(err error) *failure {
	var known *failure
	var canceled promql.ErrQueryCanceled
	var timeout promql.ErrQueryTimeout
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &timeout), errors.Is(err, context.DeadlineExceeded):
		return &failure{http.StatusServiceUnavailable, "timeout", err}
	case errors.As(err, &canceled), errors.Is(err, context.Canceled):
		return &failure{499, "canceled", err}
	default:
		return &failure{http.StatusUnprocessableEntity, "execution", err}
	}
}

// answer is the body of every response.
type answer struct {
	Status    string   `json:"status"`
	Data      any      `json:"data,omitempty"`
	ErrorType string   `json:"errorType,omitempty"`
	Error     string   `json:"error,omitempty"`
	Warnings  []string `json:"warnings,omitempty"`
	Infos     []string `json:"infos,omitempty"`
}

// handle answers with what f says. Only so many run at once; the others wait.
func (s *Server) handle(f func(*request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), s.limit)
		defer cancel()
		r = r.WithContext(ctx)
		r.Body = http.MaxBytesReader(w, r.Body, maxQuery)
		question := &request{Request: r, finish: func() {}}
		defer func() { question.finish() }()
		data, err := s.ask(question, f)
		if err != nil {
			f := classify(err)
			write(w, f.status, answer{Status: "error", ErrorType: f.kind, Error: f.Error()})
			return
		}
		warnings, infos := question.warnings.AsStrings(r.Form.Get("query"), 10, 10)
		write(w, http.StatusOK, answer{Status: "success", Data: data, Warnings: warnings, Infos: infos})
	})
}

func (s *Server) ask(r *request, f func(*request) (any, error)) (any, error) {
	if err := r.ParseForm(); err != nil {
		return nil, &failure{http.StatusBadRequest, "bad_data", fmt.Errorf("parameters can't be read: %w", err)}
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
		return f(r)
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// write sends the body. Where it can't be written, who asked has gone.
func write(w http.ResponseWriter, status int, body answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
