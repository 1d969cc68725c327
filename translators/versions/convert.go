package versions

import (
	"fmt"

	"github.com/weft-mesh/weft/translators/model"
)

// Convert gives an object in another version of its kind. The one that is
// passed is not changed. An error means that there is no such kind or version,
// or that the object has no place for what must be kept.
func Convert(object map[string]any, apiVersion string) (map[string]any, error) {
	kind, _ := object["kind"].(string)
	written, _ := object["apiVersion"].(string)
	f := families[model.Kind(kind)]
	from, known := f.find(written)
	to, wanted := f.find(apiVersion)
	if !known || !wanted {
		return nil, fmt.Errorf("convert %s %s to %s: there is no such version of this kind", describe(object), written, apiVersion)
	}
	if from.name == to.name {
		copied, _ := clone(object).(map[string]any)
		return copied, nil
	}
	w := open(object)
	if from.up != nil {
		from.up(w)
	}
	w.reachHub()
	if to.down != nil {
		to.down(w)
	}
	w.object["apiVersion"] = apiVersion
	if err := w.close(); err != nil {
		return nil, fmt.Errorf("convert %s to %s: %w", describe(object), apiVersion, err)
	}
	return w.object, nil
}

// describe names an object for a message.
func describe(object map[string]any) string {
	meta := mapAt(object, "metadata")
	return fmt.Sprintf("%v %v/%v", object["kind"], meta["namespace"], meta["name"])
}

// clone copies a tree.
func clone(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, inner := range v {
			out[key] = clone(inner)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = clone(inner)
		}
		return out
	default:
		return value
	}
}

// mapAt is the map of a name in another; nil where there is none.
func mapAt(object map[string]any, name string) map[string]any {
	m, _ := object[name].(map[string]any)
	return m
}

// lift moves fields from the top of an object below its spec, where later
// versions have them. A spec that is no map stays as it is.
func lift(object map[string]any, fields []rename) {
	spec, isMap := object["spec"].(map[string]any)
	if _, there := object["spec"]; there && !isMap {
		return
	}
	for _, f := range fields {
		value, ok := object[f.here]
		if !ok {
			continue
		}
		if spec == nil {
			spec = map[string]any{}
		}
		spec[f.hub] = value
		delete(object, f.here)
	}
	if spec != nil {
		object["spec"] = spec
	}
}

// flatten is lift the other way round. What it does not know stays in the spec.
func flatten(object map[string]any, fields []rename) {
	spec := mapAt(object, "spec")
	if spec == nil {
		return
	}
	for _, f := range fields {
		if value, ok := spec[f.hub]; ok {
			object[f.here] = value
			delete(spec, f.hub)
		}
	}
	if len(spec) == 0 {
		delete(object, "spec")
	}
}
