package versions

import (
	"maps"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// ListHeaders gives the headers of an HTTPRouteGroup, of any version, the shape
// that Go clients of SMI read: a list of maps with one name each. The
// specification writes a map. The one that is passed is not changed; it is not
// ok where there is nothing to change.
func ListHeaders(object map[string]any) (map[string]any, bool) {
	if kind, _ := object["kind"].(string); kind != string(model.KindHTTPRouteGroup) {
		return object, false
	}
	out, _ := clone(object).(map[string]any)
	changed := false
	for _, holder := range []map[string]any{out, mapAt(out, "spec")} {
		list, _ := holder["matches"].([]any)
		for _, entry := range list {
			match, _ := entry.(map[string]any)
			if headers, ok := listed(match["headers"]); ok {
				match["headers"] = headers
				changed = true
			}
		}
	}
	return out, changed
}

// listed is the list of a map, or of a list where a map has several names. It
// is not ok where nothing is to be done, or nothing can be.
func listed(headers any) ([]any, bool) {
	entries, isList := headers.([]any)
	if !isList {
		entries = []any{headers}
	}
	list := make([]any, 0, len(entries))
	for _, entry := range entries {
		pairs, ok := entry.(map[string]any)
		if !ok {
			return nil, false
		}
		list = append(list, single(pairs)...)
	}
	return list, !isList || len(list) != len(entries)
}

func single(pairs map[string]any) []any {
	var list []any
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		list = append(list, map[string]any{name: pairs[name]})
	}
	return list
}
