package main

// goal is something that weft is to reach, beside what physics allows and what
// others need. The text is for readers.
type goal struct {
	id, what string
	// floor is the least that is possible; peers what others need.
	floor, peers string
	checks       []check
}

// check is one figure of a goal and its bound.
type check struct {
	// name says of what; unit follows the figure.
	name, unit string
	of         quantity
	// most is the bound; the least where atLeast is set.
	most    float64
	atLeast bool
	// plain is the same of weft's server without TLS, as the others were measured;
	// it is said, not judged.
	plain quantity
}

// verdict is how a goal stands.
type verdict string

const (
	met        verdict = "yes"
	missed     verdict = "**no**"
	partly     verdict = "as far as measured"
	unmeasured verdict = "not measured"
)

// outcome is a check with the figure that was measured.
type outcome struct {
	check
	value float64
	known bool
	// plain is what the check's says, as text.
	plain string
}

func (o outcome) holds() bool {
	if o.atLeast {
		return o.value >= o.most
	}
	return o.value <= o.most
}

// judge measures a goal by results.
func (g goal) judge(rs *results) ([]outcome, verdict) {
	var os []outcome
	known, v := 0, met
	for _, c := range g.checks {
		o := outcome{check: c}
		if o.value, o.known = c.of(rs); o.known {
			known++
			if !o.holds() {
				v = missed
			}
		}
		if c.plain != nil {
			if v, ok := c.plain(rs); ok {
				o.plain = figures(v)
			}
		}
		os = append(os, o)
	}
	switch {
	case known == 0:
		return os, unmeasured
	case v == met && known < len(os):
		return os, partly
	}
	return os, v
}
