package main

// accessMutants get TrafficTargets wrong.
var accessMutants = []mutant{
	{
		Name: "allow-all", Says: "allows every call, whatever the TrafficTargets say",
		File: facts, Old: "	if n := g.namespaces[namespace]; n != nil && n.Access != model.AccessUnset {",
		New:   "	if namespace != \"\" {\n		return model.AccessPermissive\n	}\n	if n := g.namespaces[namespace]; n != nil && n.Access != model.AccessUnset {",
		Tests: "^access-default$",
	},
	{
		Name: "routes-ignored", Says: "allows a source every request, whatever its routes say",
		File: rbac, Old: "	if c.Any {", New: "	if c.Any || len(c.Routes) > 0 {",
		Tests: "^access-(rules|example-path-specific)$",
	},
	{
		Name: "first-target-wins", Says: "obeys one of the TrafficTargets of a destination alone",
		File: inbound, Old: "	for k := range g.index.targetsOf[dest] {",
		New:   "	ks := slices.SortedFunc(maps.Keys(g.index.targetsOf[dest]), model.Key.Compare)\n	for _, k := range ks[:min(1, len(ks))] {",
		Tests: "^access-additive$",
	},
	{
		Name: "tcproute-opens-every-path", Says: "lets a TCPRoute beside an HTTPRouteGroup open every path",
		File: inbound, Old: "		return false, gr.routes", New: "		return gr.tcp.named, gr.routes",
		Tests: "^access-port-and-route$",
	},
	{
		Name: "httproutegroup-opens-tcp", Says: "lets an HTTPRouteGroup open TCP ports",
		File: inbound, Old: "		return p.Declared && slices.Contains(gr.tcp.ports, p.Number), nil", New: "		return true, nil",
		Tests: "^specs-http-is-not-tcp$",
	},
	{
		Name: "ports-of-routes-ignored", Says: "opens every port for a TCPRoute or UDPRoute, whatever ports it names",
		File: inbound, Old: "	return p.all || (port != 0 && slices.Contains(p.ports, port))", New: "	return p.all || len(p.ports) > 0 && slices.Max(p.ports) > 0",
		Tests: "^access-(tcp-ports|example-l4)$",
	},
	{
		Name: "ports-without-a-service-are-open", Says: "lets the mesh in to every port that no Service has",
		File: inbound, Old: "	in.Other = policy(allowAll, grants,", New: "	in.Other = policy(true, grants,",
		Tests: "^access-unnamed-port$",
	},
	{
		Name: "route-without-ports-opens-nothing", Says: "opens no port for a TCPRoute or UDPRoute that names none",
		File: inbound, Old: "		p.all = p.all || len(route.Ports) == 0\n", New: "",
		Tests: "^access-(tcp|udp)-all-ports$",
	},
	{
		Name: "bare-account-names", Says: "takes a source of another namespace for the account of that name in its own",
		File: target, Old: "	if other == \"\" {", New: "	if len(other) >= 0 {",
		Tests: "^access-namespaces$",
	},
	{
		Name: "missing-route-allows", Says: "lets a rule whose HTTPRouteGroup does not exist allow everything",
		File: inbound, Old: "	if rg == nil {\n		return nil\n	}", New: "	if rg == nil {\n		return []model.AllowedRoute{{Name: group.String()}}\n	}",
		Tests: "^access-missing-route$",
	},
	{
		Name: "matches-of-a-rule-ignored", Says: "lets a rule that names one match allow all of the group",
		File: inbound, Old: "		if len(names) == 0 || slices.Contains(names, m.Name) {", New: "		if m.Name != \"\" {",
		Tests: "^access-(unknown-match|example-path-specific)$",
	},
	{
		Name: "no-matches-means-none", Says: "lets a rule that names no match allow nothing",
		File: inbound, Old: "		if len(names) == 0 || slices.Contains(names, m.Name) {", New: "		if slices.Contains(names, m.Name) {",
		Tests: "^access-matches-omitted$",
	},
	{
		Name: "never-revoked", Says: "goes on with a TrafficTarget that was deleted",
		File: change, Old: "	case model.KindTrafficTarget:\n		g.changeTarget(r.Key, nil, d)\n", New: "",
		Tests: "^access-revoked$",
	},
	{
		Name: "first-source-only", Says: "lets in the first source of a TrafficTarget alone",
		File: inbound, Old: "		for _, s := range gr.sources {", New: "		for _, s := range gr.sources[:min(1, len(gr.sources))] {",
		Tests: "^access-sources$",
	},
	{
		Name: "udproute-opens-tcp", Says: "takes a UDPRoute for a TCPRoute",
		File: inbound, Old: "			gr.udp.add(", New: "			gr.tcp.add(",
		Tests: "^access-example-l4$",
	},
	{
		Name: "udp-of-sources-is-open", Says: "opens every UDP port to who is a source of any TrafficTarget",
		File: inbound, Old: "		return gr.udp.covers(p.Number), nil", New: "		return true, nil",
		Tests: "^access-example-l4$",
	},
	{
		Name: "old-port-dropped", Says: "forgets the port of a destination of v1alpha1 and v1alpha2",
		File: target, Old: "	t.Port = uint16(port)", New: "	t.Port = uint16(port - port)",
		Tests: "^access-v1alpha(1|2)-port$",
	},
}
