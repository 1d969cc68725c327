package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql/parser"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/yaml"

	"github.com/weft-mesh/weft/internal/engine"
	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/internal/xds"
)

// recorder notes what is registered: a metric without a series yet, too.
type recorder struct {
	prometheus.Registerer
	known map[string]bool
}

var fqName = regexp.MustCompile(`fqName: "([^"]+)"`)

func (r *recorder) Register(c prometheus.Collector) error {
	described := make(chan *prometheus.Desc, 1000)
	c.Describe(described)
	close(described)
	for d := range described {
		r.known[fqName.FindStringSubmatch(d.String())[1]] = true
	}
	return nil
}

// controllerMetrics are the names of all metrics on the controller's port.
func controllerMetrics(t *testing.T) map[string]bool {
	t.Helper()
	r := &recorder{known: map[string]bool{}}
	e, a := engine.New(engine.Options{}), &identity.Authority{}
	issuer, err := xds.NewIssuer(xds.IssuerOptions{Authority: a})
	if err != nil {
		t.Fatal(err)
	}
	_, err = xds.New(xds.Options{Fleet: e, Secrets: issuer, Authenticator: identity.NewTokenAuthenticator(nil, clock.RealClock{}), Registerer: r})
	if err != nil {
		t.Fatal(err)
	}
	for _, register := range []func(prometheus.Registerer) error{e.Register, a.Register} {
		if err := register(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Register(metrics.Registry.(prometheus.Collector)); err != nil {
		t.Fatal(err)
	}
	return r.known
}

// asks gives the names that a query asks for, without the ends of histograms'.
func asks(t *testing.T, query string) []string {
	t.Helper()
	query = strings.ReplaceAll(query, "$__rate_interval", "5m")
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err != nil {
		t.Errorf("%s: %v", query, err)
		return nil
	}
	var names []string
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			names = append(names, strings.TrimSuffix(s.Name, "_bucket"))
		}
		return nil
	})
	if len(names) == 0 {
		t.Errorf("%s: it asks for nothing", query)
	}
	return names
}

// panel is what a dashboard has of queries.
type panel struct {
	Title   string
	Targets []struct{ Expr string }
}

// shippedQueries are those of config/grafana, by where they are.
func shippedQueries(t *testing.T) map[string][]string {
	t.Helper()
	queries := map[string][]string{}
	dir := filepath.Join("..", "..", "config", "grafana")
	text, err := os.ReadFile(filepath.Join(dir, "control-plane.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct{ Panels []panel }
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			queries[p.Title] = append(queries[p.Title], target.Expr)
		}
	}
	if text, err = os.ReadFile(filepath.Join(dir, "alerts.yaml")); err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Spec struct {
			Groups []struct {
				Rules []struct{ Alert, Expr string }
			}
		}
	}
	if err := yaml.Unmarshal(text, &rules); err != nil {
		t.Fatal(err)
	}
	for _, g := range rules.Spec.Groups {
		for _, r := range g.Rules {
			queries[r.Alert] = append(queries[r.Alert], r.Expr)
		}
	}
	return queries
}

// TestShippedQueriesAskForWhatIsThere: every query of the dashboard and of the
// alerts can be read, and names metrics of the controller alone.
func TestShippedQueriesAskForWhatIsThere(t *testing.T) {
	known, asked := controllerMetrics(t), map[string]bool{}
	for where, queries := range shippedQueries(t) {
		for _, query := range queries {
			for _, name := range asks(t, query) {
				asked[name] = true
				if !known[name] {
					t.Errorf("%s: nothing counts %s", where, name)
				}
			}
		}
	}
	for name := range known {
		if strings.HasPrefix(name, "weft_") && !asked[name] && name != "weft_engine_sights" {
			t.Errorf("neither the dashboard nor an alert asks for %s", name)
		}
	}
}

// TestMetricsAreDocumented: docs/reference.md names every metric of the
// controller, and none that is not there.
func TestMetricsAreDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "reference.md"))
	if err != nil {
		t.Fatal(err)
	}
	documented := regexp.MustCompile(`weft_(xds|engine|ca)_[a-z_]+`).FindAllString(string(text), -1)
	known := controllerMetrics(t)
	for _, name := range documented {
		if !known[name] {
			t.Errorf("docs/reference.md has %s, which nothing counts", name)
		}
	}
	for name := range known {
		if strings.HasPrefix(name, "weft_") && !slices.Contains(documented, name) {
			t.Errorf("docs/reference.md lacks %s", name)
		}
	}
}
