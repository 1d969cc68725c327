package main

// metricsMutants count traffic wrongly, or tell it wrongly.
var metricsMutants = []mutant{
	{
		Name: "failures-are-successes", Says: "counts a failure as a success",
		File: class, Old: "		c.Failure += n\n	case denied:", New: "		c.Success += n\n	case denied:",
		Tests: "^metrics-values$",
	},
	{
		Name: "rates-for-counts", Says: "tells counts by the second",
		File: item, Old: "resource.NewQuantity(int64(min(n, math.MaxInt64)), ", New: "resource.NewQuantity(int64(min(n, math.MaxInt64)/30), ",
		Tests: "^metrics-values$",
	},
	{
		Name: "milliseconds-for-seconds", Says: "tells milliseconds and calls them seconds",
		File: item, Old: "resource.NewScaledQuantity(micros, resource.Micro)", New: "resource.NewScaledQuantity(micros, resource.Milli)",
		Tests: "^metrics-latencies$",
	},
	{
		Name: "p99-is-p90", Says: "tells one quantile for two",
		File: item, Old: "{trafficmetrics.P99Latency, 0.99}", New: "{trafficmetrics.P99Latency, 0.9}",
		Tests: "^metrics-latencies$",
	},
	{
		Name: "five-minutes-for-thirty-seconds", Says: "counts ten times as long as the window that it claims",
		File: storage, Old: "b.source.Rows(window, namespace)", New: "b.source.Rows(10*window, namespace)",
		Tests: "^metrics-window$",
	},
	{
		Name: "one-pod-for-all", Says: "tells what one pod received for what all pods of a Deployment did",
		File: question, Old: "			sum.Add(row.Counts)", New: "			*sum = row.Counts",
		Tests: "^metrics-aggregates$",
	},
	{
		Name: "callers-see-nothing", Says: "has edges of who is called alone",
		File: edges, Old: "	if row.Side == figures.Server {\n		return edge{", New: "	if row.Side != \"\" {\n		return edge{",
		Tests: "^metrics-edges-to$",
	},
	{
		Name: "callers-are-one", Says: "has one edge for all callers",
		File: edges, Old: "side: trafficmetrics.Server, other: other(r, row.Peer)}", New: "side: trafficmetrics.Server}",
		Tests: "^metrics-edges$",
	},
	{
		Name: "selector-ignored", Says: "ignores the label selector of a list",
		File: selection, Old: "!s.labels.Matches(labels.Set(t.Labels)) || ", New: "",
		Tests: "^metrics-label-selector$",
	},
	{
		Name: "splits-without-backends", Says: "tells of a TrafficSplit as a whole, and not of its backends",
		File: splits, Old: "add(t.sums[row.Split], row.Backend, &row.Counts)", New: "add(t.sums[row.Split], row.Split, &row.Counts)",
		Tests: "^metrics-trafficsplits$",
	},
}
