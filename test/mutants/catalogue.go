package main

import "slices"

// catalogue is every mistake, in the order of the table.
func catalogue() []mutant {
	return slices.Concat(accessMutants, requestMutants, splitMutants, metricsMutants)
}

const (
	facts    = "translators/resolve/facts.go"
	inbound  = "translators/resolve/inbound.go"
	outbound = "translators/resolve/outbound.go"
	change   = "translators/resolve/change.go"
	match    = "translators/envoy/match.go"
	rbac     = "translators/envoy/rbac.go"
	spoken   = "translators/envoy/httpoptions.go"
	paths    = "translators/envoy/pathregex.go"
	rules    = "translators/envoy/rules.go"
	target   = "translators/smi/target.go"
	split    = "translators/smi/split.go"
	headers  = "translators/smi/headers.go"
	quantity = "translators/versions/quantity.go"

	class     = "internal/figures/class.go"
	item      = "internal/metricsapi/report/item.go"
	edges     = "internal/metricsapi/report/edges.go"
	question  = "internal/metricsapi/report/question.go"
	splits    = "internal/metricsapi/report/split.go"
	selection = "internal/metricsapi/selection.go"
	storage   = "internal/metricsapi/storage.go"
)
