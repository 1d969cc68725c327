package main

// aFault is a row of what clients that misbehave cost.
func aFault(kind string) row { return row{"event": "misbehaviour", "kind": kind} }

// worstFault is the worst of a field while some clients misbehave.
func worstFault(field string) quantity {
	return func(rs *results) (float64, bool) {
		most, known := 0.0, false
		for _, r := range rs.find(faults, row{"event": "misbehaviour"}) {
			if v, ok := r.number(field); ok && !r.is(aFault("nobody-misbehaves")) {
				most, known = max(most, v), true
			}
		}
		return most, known
	}
}

func applied(field string) quantity { return value(faults, row{"event": "kubectl-apply"}, field) }

// pushesAtOnce are those of an apply, less one for each ten seconds of it.
func pushesAtOnce(rs *results) (float64, bool) {
	pushes, ok1 := applied("pushes_per_proxy")(rs)
	took, ok2 := applied("took_ms")(rs)
	return pushes - took/10_000, ok1 && ok2
}

// ofWhatSizingAsks is the greatest memory of all, as a part of the limit that
// docs/sizing.md asks for.
func ofWhatSizingAsks(rs *results) (float64, bool) {
	most, known := 0.0, false
	for _, r := range rs.Faults {
		peak, ok1 := r.number("peak_rss_bytes")
		services, ok2 := r.number("services")
		proxies, ok3 := r.number("proxies")
		objects, _ := r.number("objects")
		if ok1 && ok2 && ok3 {
			most, known = max(most, peak/(128<<20+60e3*services+15e3*objects+0.25e6*proxies)), true
		}
	}
	return most, known
}

// fairness are the goals of what happens where somebody or something goes wild.
func fairness() []goal {
	nobody := aFault("nobody-misbehaves")
	return []goal{
		{
			id: "F1", what: "Six clients misbehave, in the worst of six ways or each in another: the last of 200 sidecars that behave has a new weight", floor: "as while nobody does",
			checks: []check{
				{name: "p50", unit: "ms", of: worstFault("last_ack_p50_ms"), most: 100},
				{name: "while nobody does", unit: "ms", of: value(faults, nobody, "last_ack_p50_ms"), most: 100},
				{name: "memory of the controller, times that while nobody does", of: ratio(worstFault("peak_rss_bytes"), value(faults, nobody, "peak_rss_bytes")), most: 1.5},
			},
		},
		{
			id: "F2", what: "One sidecar in a hundred reads slowly: the last of 1,000 has a new endpoint", floor: "as if none did",
			checks: []check{{
				name: "times that if none does",
				of:   ratio(ofFleet("slow-clients", "last_ack_p50_ms"), ofFleet("endpoint-added", "last_ack_p50_ms")), most: 1.5,
			}},
		},
		{
			id: "F3", what: "10,000 objects by one `kubectl apply`, 1,000 of which concern each sidecar", floor: "two, were they there at once",
			checks: []check{
				{name: "pushes, beside one in ten seconds", of: pushesAtOnce, most: 2},
			},
		},
		{
			id: "F4", what: "Memory of the controller under all of these",
			checks: []check{{name: "greatest, as a part of the limit that [sizing](sizing.md) asks for", of: ofWhatSizingAsks, most: 1}},
		},
	}
}
