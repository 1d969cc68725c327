package main

import (
	"cmp"
	"math"
	"slices"
)

// quantity is something that the results say; false where they do not.
type quantity func(*results) (float64, bool)

// value is a field of the row that has some others.
func value(b bench, want row, field string) quantity {
	return func(rs *results) (float64, bool) {
		found := rs.find(b, want)
		if len(found) == 0 {
			return 0, false
		}
		return found[len(found)-1].number(field)
	}
}

// either is the first of some quantities that is known.
func either(qs ...quantity) quantity {
	return func(rs *results) (float64, bool) {
		for _, q := range qs {
			if v, ok := q(rs); ok {
				return v, true
			}
		}
		return 0, false
	}
}

// scaled is a quantity in another unit.
func scaled(q quantity, by float64) quantity {
	return func(rs *results) (float64, bool) {
		v, ok := q(rs)
		return v * by, ok
	}
}

// ratio is how many times a quantity is another.
func ratio(a, b quantity) quantity {
	return func(rs *results) (float64, bool) {
		x, ok := a(rs)
		y, also := b(rs)
		return x / y, ok && also && y != 0
	}
}

// worst is the largest of some quantities; all of them must be known.
func worst(qs ...quantity) quantity {
	return func(rs *results) (float64, bool) {
		most := math.Inf(-1)
		for _, q := range qs {
			v, ok := q(rs)
			if !ok {
				return 0, false
			}
			most = max(most, v)
		}
		return most, len(qs) > 0
	}
}

// spread is a field in the mesh of the most Services, as a multiple of that in
// the mesh of the fewest, with as many proxies where a fleet was measured.
func spread(b bench, want row, field string) quantity {
	return func(rs *results) (float64, bool) {
		ps := longest(rs.find(b, want), field)
		if len(ps) < 2 || ps[0].y == 0 {
			return 0, false
		}
		return ps[len(ps)-1].y / ps[0].y, true
	}
}

// longest are the points of the fleet that was measured in the most meshes; in
// the model each mesh has proxies of its own.
func longest(rows []row, field string) []point {
	best := points(rows, field)
	if len(rows) == 0 || rows[0].text("server") == "" {
		return best
	}
	best = nil
	alike := map[[2]any][]row{}
	for _, r := range rows {
		k := [2]any{r["tls"], r["proxies"]}
		alike[k] = append(alike[k], r)
		if ps := points(alike[k], field); len(ps) >= len(best) {
			best = ps
		}
	}
	return best
}

// exponent is the slope of a field of the model over the number of Services,
// both as logarithms: 0 is flat, 1 is in proportion, 2 is by the square.
func exponent(want row, field string) quantity {
	return func(rs *results) (float64, bool) { return slope(points(rs.find(model, want), field)) }
}

type point struct{ x, y float64 }

// points are a field of rows by their number of Services; one of each.
func points(rows []row, field string) []point { return pointsOver(rows, "services", field) }

func pointsOver(rows []row, over, field string) []point {
	var ps []point
	for _, r := range rows {
		x, ok := r.number(over)
		y, also := r.number(field)
		if ok && also && x > 0 {
			ps = append(ps, point{x, y})
		}
	}
	slices.SortStableFunc(ps, func(a, b point) int { return cmp.Compare(a.x, b.x) })
	return slices.CompactFunc(ps, func(a, b point) bool { return a.x == b.x })
}

func slope(ps []point) (float64, bool) {
	var n, sx, sy, sxx, sxy float64
	for _, p := range ps {
		if p.y <= 0 {
			continue
		}
		x, y := math.Log(p.x), math.Log(p.y)
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	if d := n*sxx - sx*sx; n >= 2 && d > 0 {
		return (n*sxy - sx*sy) / d, true
	}
	return 0, false
}
