package main

// splitMutants get TrafficSplits wrong.
var splitMutants = []mutant{
	{
		Name: "splits-ignored", Says: "sends every request to the root's own endpoints",
		File: outbound, Old: "	if plain != nil {", New: "	if plain != nil && plain.Name == \"\" {",
		Tests: "^split-weights$",
	},
	{
		Name: "equal-weights", Says: "shares the requests equally among the backends that have a weight",
		File: outbound, Old: "Weight: b.Weight})", New: "Weight: min(b.Weight, 1)})",
		Tests: "^split-weights$",
	},
	{
		Name: "weight-off-by-one", Says: "adds one to each weight",
		File: outbound, Old: "Weight: b.Weight})", New: "Weight: b.Weight + 1})",
		Tests: "^split-weight-zero$",
	},
	{
		Name: "weight-zero-gets-one", Says: "gives a backend of weight 0 the least weight",
		File: outbound, Old: "Weight: b.Weight})", New: "Weight: max(b.Weight, 1)})",
		Tests: "^split-weight-zero$",
	},
	{
		Name: "first-backend-only", Says: "sends everything to the first backend",
		File: outbound, Old: "	slices.SortFunc(cs, func(a, b model.WeightedCluster) int { return a.Cluster.Compare(b.Cluster) })\n	return cs",
		New:   "	return cs[:min(1, len(cs))]",
		Tests: "^split-(weights|several-backends)$",
	},
	{
		Name: "duplicates-collapse", Says: "takes one weight of a backend that is listed twice",
		File: split, Old: "			backends[i].Weight += weight", New: "			backends[i].Weight = weight",
		Tests: "^split-backend-twice$",
	},
	{
		Name: "matches-are-a-catch-all", Says: "takes the matches of a TrafficSplit for all requests",
		File: outbound, Old: "		for _, m := range g.splitMatches(split) {\n			routes = append(routes, model.OutboundRoute{Name: split.Key.String(), Match: &m, Backends: backends})",
		New:   "		for range g.splitMatches(split) {\n			routes = append(routes, model.OutboundRoute{Name: split.Key.String(), Match: &model.HTTPMatch{}, Backends: backends})",
		Tests: "^split-matches$",
	},
	{
		Name: "unmatched-goes-to-the-backends", Says: "sends requests that no match selects to the backends too",
		File: outbound, Old: "	if plain != nil {", New: "	if plain == nil && len(matched) > 0 {\n		plain = matched[0]\n	}\n	if plain != nil {",
		Tests: "^split-matches$",
	},
	{
		Name: "first-group-only", Says: "looks at the first HTTPRouteGroup of a TrafficSplit alone",
		File: outbound, Old: "	for _, k := range s.Matches {", New: "	for _, k := range s.Matches[:min(1, len(s.Matches))] {",
		Tests: "^split-matches-merged$",
	},
	{
		Name: "missing-group-is-a-catch-all", Says: "takes a missing HTTPRouteGroup for all requests",
		File: outbound, Old: "		if group := g.groups[k]; group != nil {\n", New: "		group := g.groups[k]\n		if group == nil {\n			ms = append(ms, model.HTTPMatch{})\n		} else {\n",
		Tests: "^split-matches-missing-group$",
	},
	{
		Name: "backend-without-the-port-is-called", Says: "keeps a backend that lacks the root's port in the split",
		File: outbound, Old: "		if p, ok := g.backendPort(b.Service, root); ok {", New: "		if p := root; g.services[b.Service] != nil {",
		Tests: "^split-port-missing$",
	},
	{
		Name: "splits-are-followed", Says: "follows a TrafficSplit on a backend",
		File: outbound, Old: "		if p, ok := g.backendPort(b.Service, root); ok {",
		New:   "		if _, p := g.rootSplits(b.Service); p != nil && p != s && len(p.Backends) > 0 {\n			b.Service = p.Backends[0].Service\n		}\n		if p, ok := g.backendPort(b.Service, root); ok {",
		Tests: "^split-(not-hierarchical|loop)$",
	},
	{
		Name: "tcp-is-not-split", Says: "ignores TrafficSplits on TCP ports",
		File: outbound, Old: "	_, plain := g.rootSplits(root)\n	return plain", New: "	_, plain := g.rootSplits(root)\n	if plain != nil {\n		return nil\n	}\n	return plain",
		Tests: "^split-tcp$",
	},
	{
		Name: "missing-backend-drops-the-split", Says: "ignores a TrafficSplit one of whose backends does not exist",
		File: outbound, Old: "	if plain != nil {", New: "	if plain != nil && !slices.ContainsFunc(plain.Backends, func(b model.Backend) bool { return g.services[b.Service] == nil }) {",
		Tests: "^split-backend-missing$",
	},
	{
		Name: "quantities-by-their-digits", Says: "takes the digits of a v1alpha1 weight for the weight: 500m for 500",
		File: quantity, Old: "	return n.Mul(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(9-d.Scale())), nil)), nil", New: "	return n.Mul(n, big.NewInt(1_000_000_000)), nil",
		Tests: "^split-v1alpha1$",
	},
	{
		Name: "udp-is-not-split", Says: "ignores TrafficSplits on UDP ports",
		File: outbound, Old: "	_, plain := g.rootSplits(root)\n	return plain", New: "	_, plain := g.rootSplits(root)\n	if isUDP(p) {\n		return nil\n	}\n	return plain",
		Tests: "^split-udp$",
	},
	{
		Name: "http2-to-every-server", Says: "speaks HTTP/2 to servers behind an HTTP port, in the mesh or not",
		File: spoken, Old: "func sameHTTP(h model.HeaderLimits) *upstreamhttpv3.HttpProtocolOptions {\n",
		New:   "func sameHTTP(h model.HeaderLimits) *upstreamhttpv3.HttpProtocolOptions {\n	if h.OrDefault().Count > 0 {\n		return http2(h)\n	}\n",
		Tests: "^split-backend-outside$",
	},
}
