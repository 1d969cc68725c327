package smi

import (
	"fmt"
	"math"

	"github.com/weft-mesh/weft/translators/model"
)

const specsGroup = "specs.smi-spec.io"

// split reads a TrafficSplit. One wrong backend or root makes all of it void,
// as a share of the requests can't be left out without changing the others.
func split(root node) (*model.Split, []model.Diagnostic) {
	s := &model.Split{Key: root.key(), Created: root.created()}
	r := &report{object: s.Ref()}
	spec, ok := r.section(root.field("spec"))
	if !ok {
		return nil, r.diagnostics
	}
	if name, err := readServiceName(spec.field("service"), s.Namespace); err != nil {
		r.invalid(spec.field("service"), err)
	} else {
		s.Root = model.Key{Namespace: s.Namespace, Name: name}
	}
	s.Backends = splitBackends(r, spec.field("backends"), s.Namespace)
	usable := !r.refused()
	s.Matched, s.Matches = splitMatches(r, spec.field("matches"), s.Namespace)
	if !usable {
		return nil, r.diagnostics
	}
	return s, r.diagnostics
}

func readServiceName(n node, namespace string) (string, error) {
	written, err := n.text()
	if err != nil {
		return "", err
	}
	return serviceName(written, namespace)
}

// splitBackends reads the backends; those of one name are summed.
func splitBackends(r *report, list node, namespace string) []model.Backend {
	entries, err := list.items()
	if err != nil {
		r.invalid(list, err)
		return nil
	}
	if len(entries) == 0 {
		r.refuse(list, model.ReasonInvalid, "there is no backend; name at least one Service and its weight")
		return nil
	}
	var backends []model.Backend
	var total uint64
	index := map[string]int{}
	for at, entry := range entries {
		name, weight, ok := splitBackend(r, entry, namespace)
		if !ok {
			continue
		}
		total += uint64(weight)
		if i, ok := index[name]; ok {
			r.warn(entry.field("service"), model.ReasonAccepted, "%s is listed before; the weights are added, write it once", quote(name))
			backends[i].Weight += weight
			continue
		}
		index[name] = len(backends)
		backends = append(backends, model.Backend{Service: model.Key{Namespace: namespace, Name: name}, Weight: weight, At: at})
	}
	checkTotal(r, list, total)
	return backends
}

func splitBackend(r *report, entry node, namespace string) (string, uint32, bool) {
	if _, ok := entry.value.(map[string]any); !ok {
		r.refuse(entry, model.ReasonInvalid, "%s is not a backend; write its service and weight", entry.shown())
		return "", 0, false
	}
	name, nameErr := readServiceName(entry.field("service"), namespace)
	if nameErr != nil {
		r.invalid(entry.field("service"), nameErr)
	}
	weight, weightErr := entry.field("weight").whole(0, math.MaxUint32)
	if weightErr != nil {
		r.invalid(entry.field("weight"), weightErr)
	}
	return name, uint32(weight), nameErr == nil && weightErr == nil
}

// checkTotal keeps the sum within what Envoy takes.
func checkTotal(r *report, list node, total uint64) {
	switch {
	case r.refused():
	case total > math.MaxUint32:
		r.refuse(list, model.ReasonInvalid, "the weights sum to %d; scale them down to a sum of at most %d", total, uint32(math.MaxUint32))
	case total == 0:
		r.warn(list, model.ReasonNoWeight, "all weights are 0, so requests are answered with 503 and connections closed; give a backend a weight above 0")
	}
}

// splitMatches reads the references to route groups. A wrong one is left out;
// the split stays matched, so that it never becomes a catch-all.
func splitMatches(r *report, list node, namespace string) (bool, []model.Key) {
	entries, err := list.items()
	if err != nil {
		r.invalid(list, err)
		return true, nil
	}
	var keys []model.Key
	for _, entry := range entries {
		name, err := splitMatch(entry)
		if err != nil {
			r.refuse(entry, model.ReasonUnsupportedValue, "%v", err)
			continue
		}
		keys = append(keys, model.Key{Namespace: namespace, Name: name})
	}
	return len(entries) > 0, keys
}

func splitMatch(entry node) (string, error) {
	kind, group := entry.field("kind").textOrEmpty(), entry.field("apiGroup").textOrEmpty()
	if kind != string(model.KindHTTPRouteGroup) {
		return "", fmt.Errorf("kind %s can't select requests; name an HTTPRouteGroup", quote(kind))
	}
	if group != "" && group != specsGroup {
		return "", fmt.Errorf("apiGroup %s has no HTTPRouteGroup; write %s or leave it out", quote(group), specsGroup)
	}
	name, err := entry.field("name").text()
	if err != nil {
		return "", err
	}
	return name, objectName(name, "HTTPRouteGroup")
}
