package smi

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/weft-mesh/weft/translators/model"
)

// node is a place in an object and what stands there. Stored objects can have
// any shape, as foreign CRDs check less than ours.
type node struct {
	path  string
	value any
}

// field is the node of a name below this one; of an absent value where there
// is no such name.
func (n node) field(name string) node {
	path := name
	if n.path != "" {
		path = n.path + "." + name
	}
	object, _ := n.value.(map[string]any)
	return node{path: path, value: object[name]}
}

// absent tells that nothing stands there.
func (n node) absent() bool { return n.value == nil }

// items are the entries of a list; none where it is absent.
func (n node) items() ([]node, error) {
	if n.absent() {
		return nil, nil
	}
	list, ok := n.value.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is not a list; write one", n.shown())
	}
	nodes := make([]node, len(list))
	for i, v := range list {
		nodes[i] = node{path: fmt.Sprintf("%s[%d]", n.path, i), value: v}
	}
	return nodes, nil
}

// text is a string; empty where it is absent.
func (n node) text() (string, error) {
	if n.absent() {
		return "", nil
	}
	s, ok := n.value.(string)
	if !ok {
		return "", fmt.Errorf("%s is not a string; put it in quotes", n.shown())
	}
	return s, nil
}

// textOrEmpty is text where a value of another type is as good as none.
func (n node) textOrEmpty() string {
	s, _ := n.value.(string)
	return s
}

// whole is a whole number within bounds, as JSON or YAML may write it.
func (n node) whole(lowest, highest int64) (int64, error) {
	var number int64
	switch v := n.value.(type) {
	case int64:
		number = v
	case int:
		number = int64(v)
	case float64:
		if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return 0, fmt.Errorf("%s is not a whole number; write one from %d to %d", n.shown(), lowest, highest)
		}
		number = int64(v)
	case string:
		return 0, fmt.Errorf("%s is a string; write a whole number without quotes, from %d to %d", n.shown(), lowest, highest)
	default:
		return 0, fmt.Errorf("%s is not a whole number; write one from %d to %d", n.shown(), lowest, highest)
	}
	if number < lowest || number > highest {
		return 0, fmt.Errorf("%d is out of range; write a whole number from %d to %d", number, lowest, highest)
	}
	return number, nil
}

// shown prints the value for a message, in a bounded length.
func (n node) shown() string {
	switch v := n.value.(type) {
	case nil:
		return "nothing"
	case string:
		return quote(v)
	case map[string]any:
		return "a map"
	case []any:
		return "a list"
	default:
		return fmt.Sprintf("%v", v)
	}
}

// quote prints a value of an author, in a bounded length.
func quote(s string) string {
	const longest = 80
	s = strings.ToValidUTF8(s, "\ufffd")
	if runes := []rune(s); len(runes) > longest {
		s = string(runes[:longest]) + "..."
	}
	return fmt.Sprintf("%q", s)
}

// key is the object's own name.
func (n node) key() model.Key {
	meta := n.field("metadata")
	return model.Key{Namespace: meta.field("namespace").textOrEmpty(), Name: meta.field("name").textOrEmpty()}
}

// created is when the object was made; the zero time where it does not say.
func (n node) created() time.Time {
	t, err := time.Parse(time.RFC3339, n.field("metadata").field("creationTimestamp").textOrEmpty())
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
