package versions

import (
	"bytes"
	"encoding/json"
	"fmt"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// Annotation holds, as JSON, what the version of an object has no field for.
const Annotation = "weft.mesh/conversion"

// The entries of the annotation. Those of the hub are what no version but an
// older one can say; the others are what an older version can't.
const (
	keptWeights = "weights" // of a TrafficSplit, as v1alpha1 wrote them
	keptPort    = "port"    // of a TrafficTarget's destination
	keptMatches = "matches" // of a TrafficSplit or a TCPRoute
	keptHeaders = "headers" // of an HTTPRouteGroup's matches
	keptSpec    = "spec"    // of a TCPRoute
)

// work is an object on its way, and what is kept for it.
type work struct {
	object map[string]any
	kept   map[string]any
}

// open copies an object. An annotation that is not of this package is left
// where it is.
func open(object map[string]any) *work {
	copied, _ := clone(object).(map[string]any)
	w := &work{object: copied, kept: map[string]any{}}
	annotations := mapAt(mapAt(copied, "metadata"), "annotations")
	text, ok := annotations[Annotation].(string)
	if !ok {
		return w
	}
	if kept, err := parseKept(text); err == nil {
		w.kept = kept
		delete(annotations, Annotation)
	}
	return w
}

func parseKept(text string) (map[string]any, error) {
	kept := map[string]any{}
	if err := utiljson.Unmarshal([]byte(text), &kept); err != nil {
		return nil, fmt.Errorf("read annotation %s: %w", Annotation, err)
	}
	if kept == nil { // null
		kept = map[string]any{}
	}
	return kept, nil
}

// take gives an entry and puts it away.
func (w *work) take(entry string) (any, bool) {
	value, ok := w.kept[entry]
	delete(w.kept, entry)
	return value, ok
}

// reachHub drops the entries that the hub has fields for: had they come from an
// older version, they would have been taken.
func (w *work) reachHub() {
	for _, entry := range []string{keptMatches, keptHeaders, keptSpec} {
		delete(w.kept, entry)
	}
	w.dropStale()
}

// close writes the annotation, where there is something to be kept.
func (w *work) close() error {
	meta, ok := w.object["metadata"].(map[string]any)
	if len(w.kept) == 0 {
		if annotations, there := meta["annotations"].(map[string]any); there && len(annotations) == 0 {
			delete(meta, "annotations")
		}
		return nil
	}
	if !ok && w.object["metadata"] != nil {
		return fmt.Errorf("metadata: %v is not a map, so nothing can be kept in it", w.object["metadata"])
	}
	if meta == nil {
		meta = map[string]any{}
		w.object["metadata"] = meta
	}
	annotations, ok := meta["annotations"].(map[string]any)
	if !ok && meta["annotations"] != nil {
		return fmt.Errorf("metadata.annotations: %v is not a map, so nothing can be kept in it", meta["annotations"])
	}
	if annotations == nil {
		annotations = map[string]any{}
		meta["annotations"] = annotations
	}
	text, err := encode(w.kept)
	if err != nil {
		return fmt.Errorf("metadata.annotations[%s]: %w", Annotation, err)
	}
	annotations[Annotation] = text
	return nil
}

// encode writes JSON that people can read: regexes keep their < and >.
func encode(value any) (string, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return "", err
	}
	return string(bytes.TrimSuffix(text.Bytes(), []byte("\n"))), nil
}

// same compares two trees as JSON, where 2 and 2.0 are one.
func same(a, b any) bool {
	left, err := encode(a)
	if err != nil {
		return false
	}
	right, err := encode(b)
	return err == nil && left == right
}
