//go:build linux

package main

// measurePair is what a request costs both sidecars.
func measurePair(s settings) ([]row, error) {
	w, err := newWorld(s, mesh{services: 10, callable: 10})
	if err != nil {
		return nil, err
	}
	defer w.close()
	client, server, err := w.sidecars()
	if err != nil {
		return nil, err
	}
	return s.compare([]*trial{{
		row:  row{"goal": "G12", "event": "pair", "config": "weft"},
		load: load{dial: w.call, path: "/", connections: connections}, envoys: []*process{client, server},
	}})
}
