package versions

var flatMatches = []rename{{"matches", "matches"}}

// v1alpha1 is flat and has no headers.
func groupV1Up(w *work) {
	lift(w.object, flatMatches)
	value, _ := w.take(keptHeaders)
	rows, _ := value.([]any)
	used := make([]bool, len(rows))
	for _, match := range groupMatches(w.object) {
		if _, there := match["headers"]; there {
			continue
		}
		for i, row := range rows {
			r, _ := row.(map[string]any)
			headers, ok := r["headers"]
			if !used[i] && ok && same(r["name"], match["name"]) {
				match["headers"], used[i] = headers, true
				break
			}
		}
	}
}

func groupV1Down(w *work) {
	var rows []any
	for _, match := range groupMatches(w.object) {
		if headers, ok := match["headers"]; ok {
			rows = append(rows, map[string]any{"name": match["name"], "headers": headers})
			delete(match, "headers")
		}
	}
	if len(rows) > 0 {
		w.kept[keptHeaders] = rows
	}
	flatten(w.object, flatMatches)
}

// v1alpha2 is flat.
func groupV2Up(w *work) { lift(w.object, flatMatches) }

func groupV2Down(w *work) { flatten(w.object, flatMatches) }

// groupMatches are the matches of a group that are maps.
func groupMatches(object map[string]any) []map[string]any {
	list, _ := mapAt(object, "spec")["matches"].([]any)
	var matches []map[string]any
	for _, entry := range list {
		if m, ok := entry.(map[string]any); ok {
			matches = append(matches, m)
		}
	}
	return matches
}

// v1alpha1 and v1alpha2 of a TCPRoute have nothing but a name.
func tcpV1Up(w *work) { restore(w, w.object, keptSpec, "spec") }

func tcpV1Down(w *work) { putAside(w, w.object, keptSpec, "spec") }

// v1alpha3 has an empty spec.
func tcpV3Up(w *work) {
	if _, kept := w.kept[keptMatches]; kept && w.object["spec"] == nil {
		w.object["spec"] = map[string]any{}
	}
	restore(w, mapAt(w.object, "spec"), keptMatches, "matches")
}

func tcpV3Down(w *work) { putAside(w, mapAt(w.object, "spec"), keptMatches, "matches") }
