//go:build linux

package main

import (
	"fmt"

	"github.com/weft-mesh/weft/translators/model"
)

// shape is a way in which people write many paths, and a path that one of them
// matches.
type shape struct{ name, regex, path string }

var shapes = []shape{
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
		seen, err := s.byRoutes(shape)
		if err != nil {
			return nil, err
		}
		rows = append(rows, seen...)
	}
	return rows, nil
}

func (s settings) byRoutes(of shape) ([]row, error) {
	var trials []*trial
	for _, n := range s.routes {
		var matches []model.HTTPMatch
		for i := range n {
			matches = append(matches, model.HTTPMatch{PathRegex: fmt.Sprintf(of.regex, 10_000+i)})
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
			row:    row{"goal": "G13", "event": "regex-routes", "routes": n, "shape": of.name},
			load:   load{dial: w.call, path: fmt.Sprintf(of.path, 10_000+n-1), connections: connections},
			envoys: []*process{server},
		})
	}
	return s.compare(trials)
}
