package smi

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/weft-mesh/weft/translators/model"
)

// ownHeaders are the mesh's: no request of an application carries them.
const ownHeaders = "x-weft-"

// matchHeaders reads the conditions on headers, all of which must hold. The
// specification writes them as a map, its own CRD as a list of maps; both do,
// and only the list can name a header twice.
func matchHeaders(n node) ([]model.HeaderMatch, error) {
	var pairs []node
	switch v := n.value.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		pairs = []node{n}
	case []any:
		pairs, _ = n.items()
	default:
		return nil, fmt.Errorf("%v is neither a list of maps nor a map; write a name and a regex", v)
	}
	var headers []model.HeaderMatch
	for _, pair := range pairs {
		object, ok := pair.value.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s is not a header; write a name and a regex", pair.shown())
		}
		for _, name := range slices.Sorted(maps.Keys(object)) {
			h, err := matchHeader(name, node{value: object[name]})
			if err != nil {
				return nil, err
			}
			headers = append(headers, h)
		}
	}
	slices.SortFunc(headers, func(a, b model.HeaderMatch) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Regex, b.Regex))
	})
	return slices.Compact(headers), nil
}

func matchHeader(name string, value node) (model.HeaderMatch, error) {
	h := model.HeaderMatch{Name: strings.ToLower(name)}
	switch {
	case strings.HasPrefix(name, ":"):
		return h, fmt.Errorf("%s is a pseudo header; use pathRegex, methods or the header host", quote(name))
	case !httpguts.ValidHeaderFieldName(name):
		return h, fmt.Errorf("%s is not the name of a header; use letters, digits and '-'", quote(name))
	case strings.HasPrefix(h.Name, ownHeaders):
		return h, fmt.Errorf("%s belongs to the mesh; match on a header of the application", quote(name))
	}
	regex, err := value.text()
	if err != nil {
		return h, fmt.Errorf("%s: %w", name, err)
	}
	if regex == "" {
		return h, fmt.Errorf("%s has no regex; write .* for any value", name)
	}
	h.Regex = regex
	if err := checkRegex(regex); err != nil {
		return h, fmt.Errorf("%s: %w", name, err)
	}
	return h, nil
}
