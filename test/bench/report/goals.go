package main

import (
	"maps"
	"slices"
)

// What is measured of weft's own server in the fleet, and of a proxy.
func weft(event string, services float64) row {
	return row{"event": event, "server": "weft", "services": services}
}

// ofFleet is a field of what was measured with 1,000 Services: without TLS, as
// the others were, and with 1,000 proxies, where there is such a row.
func ofFleet(event, field string) quantity {
	want := weft(event, 1000)
	return either(
		value(fleet, with(with(want, "tls", "none"), "proxies", 1000.0), field),
		value(fleet, with(want, "tls", "none"), field), value(fleet, with(want, "proxies", 1000.0), field), value(fleet, want, field),
	)
}

// inPlain is a field of what weft's server alone needs, in plaintext.
func inPlain(event, field string) quantity {
	return value(fleet, row{"event": event, "server": "weft-plain", "services": 1000.0, "proxies": 1000.0}, field)
}

// memoryOf is what the server holds for a proxy, in kB.
func memoryOf(tls string) quantity {
	want := with(with(weft("memory", 1000), "tls", tls), "proxies", 1000.0)
	return scaled(value(fleet, want, "rss_bytes_per_proxy"), 1e-3)
}

func ofProxy(want row, field string) quantity { return value(proxy, want, field) }

func enforcing(event string) row { return row{"event": event, "access": "enforcing"} }

// onePod is the full build of a proxy that may call every Service, each with
// one pod.
func onePod(services float64) row {
	return row{"event": "proxy-built", "services": services, "endpoints": services, "callable": services}
}

// stepEvents are what happens all the time.
var stepEvents = []string{"endpoint-added", "weight-changed", "target-added"}

// steps is the worst of a field over the events that happen all the time, in
// the largest mesh.
func steps(field string, by float64) quantity {
	var qs []quantity
	for _, e := range stepEvents {
		qs = append(qs, scaled(largest(model, enforcing(e), field), by))
	}
	return worst(qs...)
}

func stepSpread(field string) quantity {
	var qs []quantity
	for _, e := range stepEvents {
		qs = append(qs, spread(model, enforcing(e), field))
	}
	return worst(qs...)
}

// largest is a field in the mesh of the most Services.
func largest(b bench, want row, field string) quantity {
	return func(rs *results) (float64, bool) {
		ps := points(rs.find(b, want), field)
		if len(ps) == 0 {
			return 0, false
		}
		return ps[len(ps)-1].y, true
	}
}

// goals are G1 to G18.
func goals() []goal {
	return slices.Concat(changes(), fleets(), construction(), dataPlane())
}

// changes are the goals of one change in a fleet.
func changes() []goal {
	return []goal{
		{
			"G1", "One endpoint reaches 1,000 proxies of a mesh of 1,000 Services", "26 ms, 25 µs of CPU and 307 B a proxy",
			"Istio 87 ms, 148 µs, 495 B; go-control-plane's LinearCache 913 ms, 901 µs",
			[]check{
				{name: "last ACK", unit: "ms", of: ofFleet("endpoint-added", "last_ack_p50_ms"), most: 40, plain: inPlain("endpoint-added", "last_ack_p50_ms")},
				{name: "CPU a proxy", unit: "µs", of: ofFleet("endpoint-added", "cpu_us_per_proxy"), most: 40, plain: inPlain("endpoint-added", "cpu_us_per_proxy")},
				{name: "sent to a proxy", unit: "B", of: ofFleet("endpoint-added", "bytes_per_proxy"), most: 400},
				{name: "CPU at the most Services, times that at the fewest", of: spread(fleet, row{"event": "endpoint-added", "server": "weft"}, "cpu_us_per_proxy"), most: 1.15},
			},
		},
		{
			"G2", "A weight reaches 1,000 proxies of a mesh of 1,000 Services", "as G1",
			"Istio 3,745 ms, at least 6.8 ms of CPU and 543 kB a proxy; OSM computes all anew, 3.9 s of CPU a proxy at 400 Services",
			[]check{
				{name: "last ACK", unit: "ms", of: ofFleet("weight-changed", "last_ack_p50_ms"), most: 40, plain: inPlain("weight-changed", "last_ack_p50_ms")},
				{name: "CPU a proxy", unit: "µs", of: ofFleet("weight-changed", "cpu_us_per_proxy"), most: 40, plain: inPlain("weight-changed", "cpu_us_per_proxy")},
				{name: "sent to a proxy", unit: "B", of: ofFleet("weight-changed", "bytes_per_proxy"), most: 500},
				{name: "CPU at the most Services, times that at the fewest", of: spread(fleet, row{"event": "weight-changed", "server": "weft"}, "cpu_us_per_proxy"), most: 1.15},
			},
		},
	}
}

// fleets are the goals of a fleet as a whole.
func fleets() []goal {
	return []goal{
		{
			"G6", "Proxies that run the same share the work: 1,000 connect at once, 1,000 Services", "0.47 ms of CPU a proxy",
			"Istio 20.8 s, 32.4 ms a proxy",
			[]check{
				{name: "all connected", unit: "s", of: scaled(ofFleet("connect-all", "connect_all_ms"), 1e-3), most: 2, plain: scaled(inPlain("connect-all", "connect_all_ms"), 1e-3)},
				{name: "CPU a proxy", unit: "ms", of: scaled(ofFleet("connect-all", "cpu_us_per_proxy"), 1e-3), most: 1, plain: scaled(inPlain("connect-all", "cpu_us_per_proxy"), 1e-3)},
			},
		},
		{
			"G7", "A change that means nothing costs nothing, 1,000 proxies", "0",
			"Kuma 12,321 allocations and 976 kB a proxy at each tick; OSM computes all anew",
			[]check{
				{name: "in all", unit: "µs", of: scaled(value(model, row{"event": "nothing-changed", "access": "enforcing", "services": 1000.0}, "ns_op"), 1e-3), most: 20},
				{name: "resources built", of: value(model, row{"event": "nothing-changed", "access": "enforcing", "services": 1000.0}, "resources_built"), most: 0},
				{name: "proxies told", of: value(model, row{"event": "nothing-changed", "access": "enforcing", "services": 1000.0}, "proxies_touched"), most: 0},
				{name: "sent to a proxy", unit: "B", of: ofFleet("no-op", "bytes_per_proxy"), most: 0},
			},
		},
		{
			"G9", "Memory of the controller for each connected proxy, 1,000 Services", "36 kB",
			"OSM 600 to 800 kB (published); Istio 454 kB; LinearCache 389 kB, SnapshotCache 725 kB",
			[]check{
				{name: "plaintext", unit: "kB", of: memoryOf("none"), most: 60},
				{name: "TLS", unit: "kB", of: memoryOf("tls"), most: 110},
			},
		},
		{
			"G10", "A controller that restarts: proxies keep what they have", "names and versions only", "0.5 to 1.9 MB a proxy, sent again",
			[]check{
				{name: "sent again", unit: "% of all", of: scaled(ratio(ofFleet("restart", "bytes_per_proxy"), ofFleet("restart", "full_bytes_per_proxy")), 100), most: 2},
				{name: "requests lost", of: ofProxy(row{"event": "controller-restarted"}, "errors"), most: 0},
			},
		},
		{
			"G16", "What a proxy sends to acknowledge", "103 B", "61,217 B, Envoy's default",
			[]check{{name: "an ACK", unit: "B", of: ofFleet("ack", "upload_bytes_per_ack"), most: 150}},
		},
		{
			"G18", "100 changes a second for a minute, 1,000 Services, 500 proxies", "", "",
			[]check{
				{name: "change to ACK, p99", unit: "ms", of: ofFleet("churn", "p99_ms"), most: 250},
				{name: "a lone change waits", unit: "ms", of: ofFleet("churn", "lone_delay_ms"), most: 10},
			},
		},
	}
}

// construction are the goals that the model bench measures.
func construction() []goal {
	return []goal{
		{
			"G4", "The configuration of one proxy that may call all of 400 Services", "", "OSM 3.92 s and 2.8 GB; 86.7 ms at 100 Services",
			[]check{
				{name: "built", unit: "ms", of: scaled(value(model, onePod(400), "ns_op"), 1e-6), most: 4},
				{name: "exponent in Services", of: exponentOfBuild, most: 1.1},
			},
		},
		{
			"G5", "Garbage for each Service at a full build, 1,000 Services", "", "Istio 218 allocations, 17.5 kB",
			[]check{
				{name: "a Service", unit: "allocations", of: scaled(value(model, onePod(1000), "allocs_op"), 1e-3), most: 40},
				{name: "a Service", unit: "kB", of: scaled(value(model, onePod(1000), "bytes_op"), 1e-6), most: 3},
				{name: "exponent in Services, of a proxy that may call ten", of: exponent(row{"event": "proxy-built", "callable": 10.0}, "allocs_op"), most: 0.1},
			},
		},
		{
			"G8", "One endpoint, one weight or one TrafficTarget in the compiler, at 10,000 Services", "5 µs",
			"SnapshotCache 2.78 ms and 8,130 allocations at 1,000 Services; Kuma 1.95 ms at 100",
			[]check{
				{name: "worst of the three", unit: "µs", of: steps("ns_op", 1e-3), most: 50},
				{name: "worst of the three", unit: "allocations", of: steps("allocs_op", 1), most: 300},
				{name: "allocations at the most Services, times those at the fewest", of: stepSpread("allocs_op"), most: 1.2},
			},
		},
		{
			"G15", "Certificates", "11,500 a second and core with a key, 7,900 for a key that is there", "OSM 26 a second",
			[]check{
				{name: "with a key", unit: "a second", of: rate(row{"event": "issue", "kind": "key-and-certificate"}), most: 8000, atLeast: true},
				{name: "for a key that is there", unit: "a second", of: rate(row{"event": "issue", "kind": "certificate"}), most: 6000, atLeast: true},
				{name: "in Envoy, p99", unit: "ms", of: ofProxy(row{"event": "certificates-rotated"}, "new_secret_p99_ms"), most: 50},
				{name: "requests lost", of: ofProxy(row{"event": "certificates-rotated"}, "errors"), most: 0},
			},
		},
	}
}

// exponentOfBuild is that of a proxy that may call all Services.
func exponentOfBuild(rs *results) (float64, bool) {
	var ps []point
	for _, r := range rs.find(model, row{"event": "proxy-built"}) {
		s, _ := r.number("services")
		if !r.is(onePod(s)) || s < 100 {
			continue
		}
		if y, ok := r.number("ns_op"); ok {
			ps = append(ps, point{s, y})
		}
	}
	return slope(ps)
}

// rate is how often in a second something can be done.
func rate(want row) quantity {
	return func(rs *results) (float64, bool) {
		ns, ok := value(model, want, "ns_op")(rs)
		return 1e9 / ns, ok && ns > 0
	}
}

func with(r row, field string, v any) row {
	r = maps.Clone(r)
	r[field] = v
	return r
}

// The proxy bench's figures, by what was varied.
func firstRequest(services float64, field string) quantity {
	return ofProxy(row{"event": "weight-first-request", "services": services}, field)
}

// perRequest is what a request costs in instructions, or in CPU time where the
// machine counts none.
func perRequest(r row) quantity {
	return either(ofProxy(r, "instructions_per_request"), ofProxy(r, "cpu_us_per_request"))
}

func authorised(sources float64) quantity {
	return perRequest(row{"event": "rbac", "sources": sources})
}

func routed(shape string) quantity {
	of := func(n float64) quantity {
		return perRequest(row{"event": "regex-routes", "routes": n, "shape": shape})
	}
	return ratio(of(1000), of(1))
}

func pair(config, field string) quantity {
	return ofProxy(row{"event": "pair", "config": config}, field)
}

func inThousand(event string, callable float64, field string) quantity {
	return ofProxy(row{"event": event, "services": 1000.0, "callable": callable}, field)
}

// dataPlane are the goals that the proxy bench measures.
func dataPlane() []goal {
	return []goal{
		{
			"G3", "A new weight until the first request on the new backend, 10,000 Services", "1.15 ms", "257 ms with one table of routes; 16.9 ms at 1,000 Services",
			[]check{
				{name: "p50", unit: "ms", of: firstRequest(10_000, "first_request_p50_ms"), most: 2},
				{name: "times that at 10 Services", of: ratio(firstRequest(10_000, "first_request_p50_ms"), firstRequest(10, "first_request_p50_ms")), most: 1.3},
				{name: "Envoy's CPU", unit: "ms", of: firstRequest(10_000, "envoy_cpu_ms"), most: 1.2},
				{name: "sent", unit: "B", of: firstRequest(10_000, "bytes"), most: 400},
				{name: "requests lost", of: firstRequest(10_000, "errors"), most: 0},
			},
		},
		{
			"G11", "Authorisation of a request, 1,000 allowed sources", "173,800 instructions", "a list of rules: 1,162,000 instructions, 6.3 times those of one source",
			[]check{{name: "times one source (by CPU time where instructions can't be counted)", of: ratio(authorised(1000), authorised(1)), most: 1.02}},
		},
		{
			"G12", "A request through two sidecars", "297,000 instructions, 40.2 µs of CPU", "HTTP/1.1 and a list of rules: 396,000 instructions, 80.8 µs",
			[]check{
				{name: "instructions", of: pair("weft", "instructions_per_request"), most: 330_000},
				{name: "CPU, times the naive way", of: ratio(pair("weft", "cpu_us_per_request"), pair("naive", "cpu_us_per_request")), most: 0.6},
				{name: "requests a second, times the naive way", of: ratio(pair("weft", "rps"), pair("naive", "rps")), most: 1.7, atLeast: true},
			},
		},
		{
			"G13", "An HTTPRouteGroup of 1,000 regexes that are paths", "176,000 instructions", "824,000 instructions, 4.7 times those of one",
			[]check{
				{name: "paths, times one (likewise)", of: routed("exact"), most: 1.15},
				{name: "prefixes, times one", of: routed("prefix"), most: 1.15},
				{name: "regexes that begin with a prefix, times one", of: routed("regex"), most: 1.15},
			},
		},
		{
			"G14", "Memory and start of a sidecar, 1,000 Services", "13.8 MB, 50 ms", "66.4 MB, with mTLS 84.6 MB; 289 and 408 ms",
			[]check{
				{name: "10 callable", unit: "MB", of: inThousand("start", 10, "private_mb"), most: 16},
				{name: "10 callable", unit: "ms", of: inThousand("start", 10, "ready_ms"), most: 100},
				{name: "all callable", unit: "MB", of: inThousand("start", 1000, "private_mb"), most: 60},
				{name: "all callable", unit: "ms", of: inThousand("start", 1000, "ready_ms"), most: 210},
			},
		},
		{
			"G17", "What a sidecar's metrics page costs, 1,000 Services", "84 kB, 2 ms", "15.6 MB, 177 ms",
			[]check{
				{name: "10 callable", unit: "kB", of: scaled(inThousand("scrape", 10, "bytes"), 1e-3), most: 100},
				{name: "10 callable", unit: "ms", of: inThousand("scrape", 10, "ms"), most: 5},
				{name: "all callable", unit: "kB", of: scaled(inThousand("scrape", 1000, "bytes"), 1e-3), most: 100},
				{name: "all callable", unit: "ms", of: inThousand("scrape", 1000, "ms"), most: 5},
			},
		},
	}
}
