//go:build linux

package main

import (
	"fmt"

	"github.com/weft-mesh/weft/translators/model"
)

// shapes are the ways in which people write many paths, and a path that the
// last of them matches.
var shapes = []struct {
	name, regex, path string
}{
	{"exact", "^/api/item-%d$", "/api/item-%d"},
	{"prefix", "/api/item-%d/", "/api/item-%d/x"},
	{"regex", "/api/item-%d/[0-9]+", "/api/item-%d/17"},
	{"no-literal", "/[a-z]+/item-%d", "/api/item-%d"},
}

// measureRoutes is what a request costs the server's sidecar, by how many
// matches its HTTPRouteGroup has and how they are written. The last of them lets
// the request in.
func measureRoutes(s settings) ([]row, error) {
	var rows []row
	for _, shape := range shapes {
		var trials []*trial
		for _, n := range s.routes {
			var matches []model.HTTPMatch
			for i := range n {
				matches = append(matches, model.HTTPMatch{PathRegex: fmt.Sprintf(shape.regex, 10_000+i)})
			}
			w, err := newWorld(s, mesh{services: served, callable: served, matches: matches})
			if err != nil {
				return nil, err
			}
			defer w.close()
			_, server, err := w.sidecars()
			if err != nil {
				return nil, err
			}
			trials = append(trials, &trial{
				row:    row{"goal": "G13", "event": "regex-routes", "routes": n, "shape": shape.name},
				load:   load{dial: w.call, path: fmt.Sprintf(shape.path, 10_000+n-1), connections: connections},
				envoys: []*process{server},
			})
		}
		seen, err := s.compare(trials)
		if err != nil {
			return nil, err
		}
		rows = append(rows, seen...)
	}
	return rows, nil
}
