//go:build linux

package main

// meshes are those that a sidecar is measured in: of each size, with ten
// Services that it may call and with all.
func (s settings) meshes() []mesh {
	var ms []mesh
	for _, services := range s.services {
		if services > 10 {
			ms = append(ms, mesh{services: services, callable: 10})
		}
		ms = append(ms, mesh{services: services, callable: services})
	}
	return ms
}

// measureSizes is what a request costs both sidecars, by the size of the mesh.
func measureSizes(s settings) ([]row, error) {
	var trials []*trial
	for _, m := range s.meshes() {
		w, err := newWorld(s, m)
		if err != nil {
			return nil, err
		}
		defer w.close()
		client, server, err := w.sidecars()
		if err != nil {
			return nil, err
		}
		trials = append(trials, &trial{
			row:  row{"goal": "G12", "event": "pair-by-size", "services": m.services, "callable": m.callable},
			load: load{dial: w.call, path: "/", connections: connections}, envoys: []*process{client, server},
		})
	}
	return s.compare(trials)
}
