package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/weft-mesh/weft/test/traffic"
)

// shopOf is a shop whose front leads to a handler.
func shopOf(t *testing.T, catalog http.HandlerFunc) *shop {
	server := httptest.NewServer(catalog)
	t.Cleanup(server.Close)
	s := &shop{doors: map[string][]*traffic.Caller{}}
	for range connections {
		s.doors[front.name] = append(s.doors[front.name], traffic.NewCaller(strings.TrimPrefix(server.URL, "http://")))
	}
	t.Cleanup(s.close)
	return s
}

func TestMeasureMakesEachRequestOnce(t *testing.T) {
	var made atomic.Int64
	s := shopOf(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Version", "v1")
		if made.Add(1)%5 == 0 {
			w.WriteHeader(http.StatusForbidden)
		}
	})
	got, err := s.measure(t.Context(), line{who: front, what: whichBooks}, 100)
	if err != nil || got.problem != "" {
		t.Fatal(err, got.problem)
	}
	if got.counts["v1"] != 80 || got.counts["403"] != 20 || made.Load() != 100 {
		t.Errorf("%v of %d requests", got.counts, made.Load())
	}
}

func TestMeasureDuringSpansTheChange(t *testing.T) {
	var made atomic.Int64
	var changed atomic.Bool
	s := shopOf(t, func(w http.ResponseWriter, _ *http.Request) {
		made.Add(1)
		if changed.Load() {
			w.WriteHeader(http.StatusTeapot)
		}
	})
	var before int64
	got, err := s.measureDuring(t.Context(), line{who: front, what: getBooks}, 200, func() error {
		before = made.Load()
		changed.Store(true)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if before == 0 || got.counts["200"] == 0 || got.counts["418"] < 190 {
		t.Errorf("%d requests before the change, then %v", before, got.counts)
	}
	if total := got.counts["200"] + got.counts["418"]; int64(total) != made.Load() {
		t.Errorf("%d of %d requests counted", total, made.Load())
	}
}

func TestMeasureDuringEndsWhenTheChangeFails(t *testing.T) {
	s := shopOf(t, func(http.ResponseWriter, *http.Request) {})
	failed := errors.New("refused")
	if _, err := s.measureDuring(t.Context(), line{who: front, what: getBooks}, 10, func() error { return failed }); !errors.Is(err, failed) {
		t.Errorf("err = %v", err)
	}
}

func TestRequestsWithoutAnAnswerAreOneOutcome(t *testing.T) {
	s := shopOf(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	got, err := s.measure(t.Context(), line{who: front, what: getBooks}, 20)
	if err != nil {
		t.Fatal(err)
	}
	if got.counts[noAnswer] != 20 || len(got.counts) != 1 || got.problem == "" {
		t.Errorf("%+v", got)
	}
}
