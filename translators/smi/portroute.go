package smi

import (
	"math"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// portRoute reads a TCPRoute or UDPRoute. Without ports it means all of them,
// but never because those it has are wrong.
func portRoute(kind model.Kind, root node) (*model.PortRoute, []model.Diagnostic) {
	p := &model.PortRoute{Kind: kind, Key: root.key()}
	r := &report{object: p.Ref()}
	spec, ok := r.section(root.field("spec"))
	if !ok {
		return nil, r.diagnostics
	}
	matches, ok := r.section(spec.field("matches"))
	if !ok {
		return nil, r.diagnostics
	}
	list := matches.field("ports")
	entries, err := list.items()
	if err != nil {
		r.invalid(list, err)
		return nil, r.diagnostics
	}
	for _, entry := range entries {
		port, err := entry.whole(1, math.MaxUint16)
		if err != nil {
			r.refuse(entry, model.ReasonInvalid, "%v; this port is left out", err)
			continue
		}
		p.Ports = append(p.Ports, uint16(port))
	}
	if len(entries) > 0 && len(p.Ports) == 0 {
		return nil, r.diagnostics
	}
	slices.Sort(p.Ports)
	p.Ports = slices.Compact(p.Ports)
	return p, r.diagnostics
}
