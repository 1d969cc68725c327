package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// page is docs/performance.md.
func page(rs *results) string {
	var b strings.Builder
	fmt.Fprintf(&b, intro, rs.Commit, rs.Machine, commands(rs.Commands))
	gs := goals()
	slices.SortFunc(gs, func(a, b goal) int { return cmp.Compare(number(a.id), number(b.id)) })
	writeGoals(&b, rs, gs)
	writeReasons(&b, rs, gs)
	b.WriteString(fairnessIntro)
	writeGoals(&b, rs, fairness())
	writeReasons(&b, rs, fairness())
	b.WriteString(modelIntro)
	writeModel(&b, rs.Model)
	b.WriteString(fleetIntro)
	writeRows(&b, rs.Fleet)
	b.WriteString(proxyIntro)
	writeRows(&b, rs.Proxy)
	b.WriteString(faultsIntro)
	writeRows(&b, rs.Faults)
	return b.String()
}

func commands(cs []string) string {
	quoted := make([]string, 0, len(cs))
	for _, c := range cs {
		quoted = append(quoted, "`"+c+"`")
	}
	return strings.Join(quoted, ", ")
}

// writeGoals writes a table of goals.
func writeGoals(b *strings.Builder, rs *results, gs []goal) {
	b.WriteString("| | goal | floor | others | weft (and its bound) | met |\n|---|---|---|---|---|---|\n")
	for _, g := range gs {
		os, v := g.judge(rs)
		said := make([]string, 0, len(os))
		for _, o := range os {
			said = append(said, o.text())
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", g.id, g.what, cmp.Or(g.floor, "–"), cmp.Or(g.peers, "–"), strings.Join(said, "<br>"), v)
	}
}

// writeReasons says why goals are missed.
func writeReasons(b *strings.Builder, rs *results, gs []goal) {
	head := "\nWhy what is missed is missed:\n\n"
	for _, g := range gs {
		if _, v := g.judge(rs); v == missed && reasons[g.id] != "" {
			fmt.Fprintf(b, "%s- %s: %s\n", head, g.id, reasons[g.id])
			head = ""
		}
	}
}

func number(id string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(id, "G"))
	return n
}

// text is a figure beside its bound.
func (o outcome) text() string {
	sign, figure := "≤", "–"
	if o.atLeast {
		sign = "≥"
	}
	if o.known {
		figure = figures(o.value)
		if !o.holds() {
			figure = "**" + figure + "**"
		}
	}
	bound := fmt.Sprintf("%s %s", sign, figures(o.most))
	if o.plain != "" {
		bound += "; in plaintext " + o.plain
	}
	return strings.Join(strings.Fields(fmt.Sprintf("%s: %s %s (%s)", o.name, figure, o.unit, bound)), " ")
}

// figures writes a number so that three digits of it can be read.
func figures(v float64) string {
	switch {
	case math.Abs(v) >= 100:
		return thousands(strconv.FormatFloat(v, 'f', 0, 64))
	case math.Abs(v) >= 10:
		return trimmed(v, 1)
	case math.Abs(v) >= 1:
		return trimmed(v, 2)
	default:
		return trimmed(v, 3)
	}
}

func trimmed(v float64, digits int) string {
	s := strings.TrimRight(strings.TrimRight(strconv.FormatFloat(v, 'f', digits, 64), "0"), ".")
	if s == "" || s == "-0" {
		return "0"
	}
	return s
}

func thousands(s string) string {
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// grouped are rows in groups, in the order in which what they have in common
// came.
func grouped(rows []row, by func(row) string) [][]row {
	var keys []string
	of := map[string][]row{}
	for _, r := range rows {
		k := by(r)
		if of[k] == nil {
			keys = append(keys, k)
		}
		of[k] = append(of[k], r)
	}
	groups := make([][]row, 0, len(keys))
	for _, k := range keys {
		groups = append(groups, of[k])
	}
	return groups
}

func byEvent(rows []row) [][]row { return grouped(rows, func(r row) string { return r.text("event") }) }

// writeModel writes one table of all events, and how their cost grows.
func writeModel(b *strings.Builder, rows []row) {
	for _, group := range byEvent(rows) {
		writeGroup(b, group)
		for _, l := range laws(group) {
			fmt.Fprintf(b, "\nAllocations grow with %s.\n", l)
		}
	}
}

// laws are how the garbage of an event grows: with Services, or with what there
// was more of.
func laws(group []row) []string {
	var said []string
	for _, of := range grouped(group, func(r row) string { return cmp.Or(r.text("access"), r.text("in")+" "+r.text("change")) }) {
		over, what := "services", of[0].text("access")
		if in := of[0].text("in"); in != "" {
			over, what = in, of[0].text("change")
		}
		if e, ok := slope(pointsOver(of, over, "allocs_op")); ok && what != "" {
			said = append(said, fmt.Sprintf("the number of %s to the power of %s (%s)", over, figures(math.Round(e*100)/100), what))
		}
	}
	return said
}

func writeRows(b *strings.Builder, rows []row) {
	if len(rows) == 0 {
		b.WriteString("\nNot measured yet.\n")
	}
	for _, group := range byEvent(rows) {
		writeGroup(b, group)
	}
}

// writeGroup writes the rows of one event as a table of all the fields that one
// of them has.
func writeGroup(b *strings.Builder, rows []row) {
	columns := columnsOf(rows)
	fmt.Fprintf(b, "\n### %s\n\n", rows[0].text("event"))
	heads := make([]string, 0, len(columns))
	for _, c := range columns {
		heads = append(heads, strings.ReplaceAll(c, "_", " "))
	}
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(heads, " | "), strings.Repeat("---|", len(columns)))
	for _, r := range rows {
		cells := make([]string, 0, len(columns))
		for _, c := range columns {
			cells = append(cells, cell(r[c]))
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
	}
}

func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return figures(v)
	default:
		return fmt.Sprint(v)
	}
}

// first are the columns that say what was measured, in the order in which they
// read best; the others follow by name.
var first = []string{"server", "config", "kind", "in", "change", "access", "tls", "services", "endpoints", "proxies", "targets", "callable", "sources", "routes", "shape", "objects", "clients"}

func columnsOf(rows []row) []string {
	seen := map[string]bool{}
	var columns []string
	for _, r := range rows {
		for c := range r {
			if !seen[c] && c != "event" && c != "goal" {
				seen[c] = true
				columns = append(columns, c)
			}
		}
	}
	rank := func(c string) int {
		if i := slices.Index(first, c); i >= 0 {
			return i
		}
		return len(first)
	}
	slices.SortFunc(columns, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	return columns
}
