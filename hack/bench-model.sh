#!/usr/bin/env bash
# Runs the model bench of a checkout: bench-model.sh DIR SERVICES PROXIES COUNT.
# Each benchmark has twenty turns, but for those whose turn is much of a mesh.
set -euo pipefail
dir=$1 services=$2 proxies=$3 count=$4
engine() {
	go -C "$dir" test -run '^$' -bench "$1" -benchmem -benchtime "$2" -count "$count" -timeout 3h ./internal/engine -args -services "$services" -proxies "$proxies"
}
engine '^Benchmark(Event|Growth|Connect)$' 20x
engine '^BenchmarkProxy$' 5x
engine '^Benchmark(Proxies|Load|Acknowledged)$' 2x
go -C "$dir" test -run '^$' -bench '^BenchmarkIssue$' -benchmem -count "$count" ./internal/identity
