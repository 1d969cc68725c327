//go:build linux

package main

import "context"

// measureStart is what a sidecar is before it has done anything: how long it
// takes to be ready, its memory and its page of figures, by how many Services
// there are and how many of them it may call.
func measureStart(s settings) ([]row, error) {
	var rows []row
	for _, m := range s.meshes() {
		seen, err := s.starts(m)
		if err != nil {
			return nil, err
		}
		rows = append(rows, seen...)
	}
	return rows, nil
}

func (s settings) starts(m mesh) ([]row, error) {
	w, err := newWorld(s, m)
	if err != nil {
		return nil, err
	}
	defer w.close()
	if _, err := w.sidecar(w.server); err != nil {
		return nil, err
	}
	var ready, private, size, took []float64
	for range s.rounds {
		e, err := w.sidecar(w.client)
		if err != nil {
			return nil, err
		}
		bytes, err := privateBytes(e.pid)
		if err != nil {
			return nil, err
		}
		// A request, so that the page has figures of one.
		if _, err := (load{dial: w.call, path: "/", connections: 1, during: s.load / 10}).run(context.Background()); err != nil {
			return nil, err
		}
		for range 5 {
			n, t, err := e.scrape()
			if err != nil {
				return nil, err
			}
			size, took = append(size, float64(n)), append(took, t.Seconds()*1000)
		}
		ready, private = append(ready, e.ready.Seconds()*1000), append(private, float64(bytes)/1e6)
		e.stop()
	}
	of := func(goal, event string) row {
		return row{"goal": goal, "event": event, "services": m.services, "callable": m.callable}
	}
	start, scrape := of("G14", "start"), of("G17", "scrape")
	start["ready_ms"], start["private_mb"] = rounded(median(ready)), rounded(median(private))
	scrape["bytes"], scrape["ms"] = median(size), rounded(median(took))
	return []row{start, scrape}, nil
}
