package main

// accessMutants get TrafficTargets wrong.
var accessMutants = []mutant{
	{
		Name: "allow-all", Says: "allows every call, whatever the TrafficTargets say",
		File: facts, Old: "	if n := g.namespaces[namespace]; n != nil && n.Access != model.AccessUnset {",
		New:   "	if namespace != \"\" {\n		return model.AccessPermissive\n	}\n	if n := g.namespaces[namespace]; n != nil && n.Access != model.AccessUnset {",
		Tests: "^access-denied-by-default",
	},
	{
		Name: "routes-ignored", Says: "allows a source every request, whatever its routes say",
		File: rbac, Old: "	if c.Any {", New: "	if c.Any || len(c.Routes) > 0 {",
		Tests: "^access-|^specs-http",
	},
	{
		Name: "first-target-wins", Says: "obeys one of the TrafficTargets of a destination alone",
		File: inbound, Old: "	for k := range g.index.targetsOf[dest] {",
		New:   "	ks := slices.SortedFunc(maps.Keys(g.index.targetsOf[dest]), model.Key.Compare)\n	for _, k := range ks[:min(1, len(ks))] {",
		Tests: "^access-additive",
	},
	{
		Name: "tcproute-opens-every-path", Says: "lets a TCPRoute beside an HTTPRouteGroup open every path",
		File: inbound, Old: "		return false, gr.routes", New: "		return gr.tcp, gr.routes",
		Tests: "^access-port",
	},
	{
		Name: "httproutegroup-opens-tcp", Says: "lets an HTTPRouteGroup open TCP ports",
		File: inbound, Old: "		return gr.tcp && gr.covers(p.Number), nil", New: "		return gr.http || gr.tcp && gr.covers(p.Number), nil",
		Tests: "^access-.*tcp|^access-port",
	},
	{
		Name: "tcproute-ports-ignored", Says: "opens every port for a TCPRoute, whatever ports it names",
		File: inbound, Old: "	return gr.allPorts || (port != 0 && slices.Contains(gr.ports, port))", New: "	return gr.allPorts || len(gr.ports) > 0 || port != 0",
		Tests: "^access-.*tcp|^access-port",
	},
	{
		Name: "tcproute-without-ports-opens-nothing", Says: "opens no port for a TCPRoute that names none",
		File: inbound, Old: "				gr.allPorts = gr.allPorts || len(route.Ports) == 0\n", New: "",
		Tests: "^access-.*ports",
	},
	{
		Name: "bare-account-names", Says: "takes a source of another namespace for the account of that name in its own",
		File: target, Old: "	if other == \"\" {", New: "	if len(other) >= 0 {",
		Tests: "^access-.*namespace",
	},
	{
		Name: "missing-route-allows", Says: "lets a rule whose HTTPRouteGroup does not exist allow everything",
		File: inbound, Old: "	if rg == nil {\n		return nil\n	}", New: "	if rg == nil {\n		return []model.AllowedRoute{{Name: group.String()}}\n	}",
		Tests: "^access-.*missing",
	},
	{
		Name: "matches-of-a-rule-ignored", Says: "lets a rule that names one match allow all of the group",
		File: inbound, Old: "		if len(names) == 0 || slices.Contains(names, m.Name) {", New: "		if m.Name != \"\" {",
		Tests: "^access-.*match",
	},
	{
		Name: "no-matches-means-none", Says: "lets a rule that names no match allow nothing",
		File: inbound, Old: "		if len(names) == 0 || slices.Contains(names, m.Name) {", New: "		if slices.Contains(names, m.Name) {",
		Tests: "^access-.*match",
	},
	{
		Name: "never-revoked", Says: "goes on with a TrafficTarget that was deleted",
		File: change, Old: "	case model.KindTrafficTarget:\n		g.changeTarget(r.Key, nil, d)\n", New: "",
		Tests: "^access-revoked",
	},
	{
		Name: "first-source-only", Says: "lets in the first source of a TrafficTarget alone",
		File: inbound, Old: "		for _, s := range gr.sources {", New: "		for _, s := range gr.sources[:min(1, len(gr.sources))] {",
		Tests: "^access-.*sources",
	},
}
