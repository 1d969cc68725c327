package promql

import (
	"cmp"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/internal/promql/history"
)

// Bounds of what one who asks can cost.
const (
	maxQuery   = 64 << 10 // bytes
	maxSamples = 2_000_000
	maxPoints  = 11_000 // of one series in a range, as Prometheus has it
	maxAtOnce  = 4
	// MaxTimeout is for how long a query may run.
	MaxTimeout = 10 * time.Second
)

// Options are what a Server works with.
type Options struct {
	Store *history.Store
	// Families are whose names there are.
	Families []string
	// MaxSamples bounds what one query may hold at once; a default where it is
	// zero.
	MaxSamples int
	Clock      clock.PassiveClock
	Log        logr.Logger
	Registerer prometheus.Registerer
}

// Server answers queries.
type Server struct {
	o      Options
	parser parser.Parser
	engine *promql.Engine
	data   *queryable
	// slots are taken by those queries that run.
	slots chan struct{}
	// limit bounds how long one may.
	limit time.Duration
}

// New makes a Server.
func New(o Options) (*Server, error) {
	all, err := views(o.Families)
	if err != nil {
		return nil, err
	}
	p := parser.NewParser(parser.Options{})
	return &Server{
		o: o, parser: p, data: &queryable{store: o.Store, views: all}, slots: make(chan struct{}, maxAtOnce), limit: MaxTimeout,
		engine: promql.NewEngine(promql.EngineOpts{
			Logger: slog.New(logr.ToSlogHandler(o.Log)), Reg: o.Registerer,
			MaxSamples: cmp.Or(o.MaxSamples, maxSamples), Timeout: MaxTimeout, Parser: p,
			NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
			EnableAtModifier:         true, EnableNegativeOffset: true,
		}),
	}, nil
}

// Handler serves the paths of the API.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for path, answer := range map[string]func(*request) (any, error){
		"/api/v1/query":               s.query,
		"/api/v1/query_range":         s.queryRange,
		"/api/v1/labels":              s.labelNames,
		"/api/v1/label/{name}/values": s.labelValues,
		"/api/v1/series":              s.series,
		"/api/v1/status/buildinfo":    s.buildInfo,
	} {
		mux.Handle("GET "+path, s.handle(answer))
		mux.Handle("POST "+path, s.handle(answer))
	}
	ok := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }
	mux.HandleFunc("GET /-/healthy", ok)
	mux.HandleFunc("GET /-/ready", ok)
	return mux
}
