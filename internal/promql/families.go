package promql

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/internal/metricsapi/report"
)

// The families of names that there are.
const (
	Istio   = "istio"
	OSM     = "osm"
	Linkerd = "linkerd"
)

// Families are all of them.
func Families() []string { return []string{Istio, OSM, Linkerd} }

// label is one of a view's. What it is of is not to be changed.
type label struct {
	name  string
	value func(*figures.Detail) string
}

// view is a metric: the series of one figure by another name. No two series of
// that figure have the same labels in it.
type view struct {
	family string
	// metric is its name, that of a histogram without _bucket or _count.
	metric string
	figure figures.Figure
	// side is whose sidecar counted; both where it is empty.
	side   figures.Side
	labels []label
}

// has tells whether a series is one of the view's.
func (v *view) has(d *figures.Detail) bool {
	return d.Figure == v.figure && (v.side == "" || d.Side == v.side)
}

// views are those of the families asked for.
func views(families []string) ([]view, error) {
	for _, f := range families {
		if !slices.Contains(Families(), f) {
			return nil, fmt.Errorf("family %q is none of %s", f, strings.Join(Families(), ", "))
		}
	}
	return slices.DeleteFunc(slices.Concat(istioViews(), osmViews(), linkerdViews()), func(v view) bool {
		return !slices.Contains(families, v.family)
	}), nil
}

// kind is a workload's, in the singular: "Deployment".
func kind(w figures.Workload) string {
	if r, ok := report.Find(w.Kind); ok {
		return r.Kind
	}
	return strings.TrimSuffix(w.Kind, "s")
}

func port(d *figures.Detail) string {
	if d.Port == 0 {
		return ""
	}
	return strconv.Itoa(int(d.Port))
}

func fixed(name, value string) label {
	return label{name, func(*figures.Detail) string { return value }}
}

func outcome(code, grpc, flags string) []label {
	return []label{
		{code, func(d *figures.Detail) string { return d.Code }},
		{grpc, func(d *figures.Detail) string { return d.GRPC }},
		{flags, func(d *figures.Detail) string { return d.Flags }},
	}
}

// source and destination tell who called and who answered, whoever counted.
func source(d *figures.Detail) figures.Workload {
	if d.Side == figures.Client {
		return d.Own
	}
	return d.Peer
}

func destination(d *figures.Detail) figures.Workload {
	if d.Side == figures.Client {
		return d.Peer
	}
	return d.Own
}
