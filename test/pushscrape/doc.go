// Package pushscrape measures the two ways in which figures could reach
// weft-metrics: Envoy pushes them (envoy.stat_sinks.metrics_service), or
// weft-metrics asks for them. It has benchmarks alone; docs/adr/0019 has what
// they said, and `make bench-figures` repeats them.
package pushscrape
