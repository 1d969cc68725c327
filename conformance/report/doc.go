// Package report turns what a run found out into a report that can be published: YAML for machines, Markdown for people.
//
// It owns the format, and what a result means: a feature has passed if all of its tests ran and passed, and a profile is a
// success only if no core feature of it was left out. It judges; it measures nothing. cmd/smi-conformance calls it.
package report
