//go:build linux

package main

// connections are those that requests are sent on.
const connections = 16

// trial is one of several set-ups that are compared turn about.
type trial struct {
	row    row
	load   load
	envoys []*process
	cost   cost
}

// compare runs all trials in turn, as often as there are rounds.
func (s settings) compare(trials []*trial) ([]row, error) {
	for _, t := range trials { // connections and tables that the first request makes
		t.load.during, t.load.connections = s.load/2, max(t.load.connections, 1)
		var warm cost
		if err := warm.take(t.load, t.envoys...); err != nil {
			return nil, err
		}
		t.load.during = s.load
	}
	for range s.rounds {
		for _, t := range trials {
			if err := t.cost.take(t.load, t.envoys...); err != nil {
				return nil, err
			}
		}
	}
	var rows []row
	for _, t := range trials {
		rows = append(rows, t.cost.into(t.row))
	}
	return rows, nil
}

// measureRBAC is what a request costs the server's sidecar, by how many callers
// are allowed, on an HTTP port and on one of TCP.
func measureRBAC(s settings) ([]row, error) {
	var rows []row
	for _, of := range []struct {
		event string
		tcp   bool
	}{{"rbac", false}, {"rbac-tcp", true}} {
		seen, err := s.bySources(of.event, of.tcp)
		if err != nil {
			return nil, err
		}
		rows = append(rows, seen...)
	}
	return rows, nil
}

func (s settings) bySources(event string, tcp bool) ([]row, error) {
	var trials []*trial
	for _, n := range s.sources {
		w, err := newWorld(s, mesh{services: served, callable: served, sources: n - 1, tcp: tcp})
		if err != nil {
			return nil, err
		}
		defer w.close()
		_, server, err := w.sidecars()
		if err != nil {
			return nil, err
		}
		trials = append(trials, &trial{
			row:  row{"goal": "G11", "event": event, "sources": n},
			load: load{dial: w.call, path: "/", connections: connections}, envoys: []*process{server},
		})
	}
	return s.compare(trials)
}

// sidecars starts both.
func (w *world) sidecars() (client, server *process, err error) {
	if server, err = w.sidecar(w.server); err != nil {
		return nil, nil, err
	}
	client, err = w.sidecar(w.client)
	return client, server, err
}
