package versions

import "github.com/weft-mesh/weft/translators/model"

// v1alpha1 has quantities for weights, and no matches.
func splitV1Up(w *work) {
	quantitiesToWhole(w)
	restore(w, mapAt(w.object, "spec"), keptMatches, "matches")
}

func splitV1Down(w *work) {
	putAside(w, mapAt(w.object, "spec"), keptMatches, "matches")
	value, ok := w.take(keptWeights)
	backends := splitBackends(w.object)
	if !ok || !describes(value, backends) {
		return
	}
	for i, row := range value.([]any) {
		backends[i]["weight"] = row.(map[string]any)["written"]
	}
}

// v1alpha2 has no matches. A CRD that converts nothing may serve quantities of
// v1alpha1 in it.
func splitV2Up(w *work) {
	for _, b := range splitBackends(w.object) {
		if _, isText := b["weight"].(string); isText {
			quantitiesToWhole(w)
			break
		}
	}
	restore(w, mapAt(w.object, "spec"), keptMatches, "matches")
}

func splitV2Down(w *work) { putAside(w, mapAt(w.object, "spec"), keptMatches, "matches") }

// putAside takes a field away and keeps it.
func putAside(w *work, from map[string]any, entry, field string) {
	if value, ok := from[field]; ok {
		w.kept[entry] = value
		delete(from, field)
	}
}

// restore is putAside the other way round. A field that is there wins.
func restore(w *work, to map[string]any, entry, field string) {
	value, ok := w.take(entry)
	if _, there := to[field]; ok && to != nil && !there {
		to[field] = value
	}
}

// splitBackends are the backends; nil where one of them is no map.
func splitBackends(object map[string]any) []map[string]any {
	list, _ := mapAt(object, "spec")["backends"].([]any)
	var backends []map[string]any
	for _, entry := range list {
		b, ok := entry.(map[string]any)
		if !ok {
			return nil
		}
		backends = append(backends, b)
	}
	return backends
}

// quantitiesToWhole makes whole weights of quantities, in the same ratios, and
// keeps how they were written. One that is no quantity leaves all as they are.
func quantitiesToWhole(w *work) {
	delete(w.kept, keptWeights)
	backends := splitBackends(w.object)
	weights := make([]any, 0, len(backends))
	for _, b := range backends {
		weights = append(weights, b["weight"])
	}
	whole, err := wholeWeights(weights)
	if err != nil {
		return
	}
	rows := make([]any, 0, len(backends))
	changed := false
	for i, b := range backends {
		written := b["weight"]
		changed = changed || !same(written, whole[i])
		b["weight"] = whole[i]
		rows = append(rows, map[string]any{"service": b["service"], "weight": whole[i], "written": written})
	}
	if changed {
		w.kept[keptWeights] = rows
	}
}

// describes tells whether kept weights are of these backends, as they are now:
// somebody may have changed them since.
func describes(kept any, backends []map[string]any) bool {
	rows, ok := kept.([]any)
	if !ok || len(rows) != len(backends) {
		return false
	}
	for i, row := range rows {
		r, ok := row.(map[string]any)
		if !ok || !same(r["service"], backends[i]["service"]) || !same(r["weight"], backends[i]["weight"]) {
			return false
		}
		// What was written must be what the weight was derived from.
		if checkQuantity(r["written"]) != nil {
			return false
		}
	}
	return true
}

// dropStale removes the entries that speak of something that has changed.
func (w *work) dropStale() {
	if value, ok := w.kept[keptWeights]; ok && !describes(value, splitBackends(w.object)) {
		delete(w.kept, keptWeights)
	}
	if _, ok := w.kept[keptPort]; ok {
		if _, holds := keptPortOf(w.object, w.kept); !holds {
			delete(w.kept, keptPort)
		}
	}
}

// Quantities tells whether a version writes the weights of a TrafficSplit as
// quantities.
func Quantities(kind model.Kind, apiVersion string) bool {
	return kind == model.KindTrafficSplit && apiVersion == SplitGroup+"/v1alpha1"
}
