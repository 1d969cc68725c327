package main

// requestMutants get HTTPRouteGroups wrong.
var requestMutants = []mutant{
	{
		Name: "methods-ignored", Says: "ignores the methods of a match",
		File: match, Old: "	if len(m.Methods) > 0 {", New: "	if len(m.Methods) > 1<<20 {",
		Tests: "^specs-methods$",
	},
	{
		Name: "get-implies-head", Says: "takes HEAD for GET",
		File: match, Old: "{ return strings.Join(methods, \"|\") }", New: "{\n	return strings.ReplaceAll(strings.Join(methods, \"|\"), \"GET\", \"GET|HEAD\")\n}",
		Tests: "^specs-methods$",
	},
	{
		Name: "headers-ignored", Says: "ignores the headers of a match",
		File: match, Old: "	for _, h := range m.Headers {", New: "	for _, h := range m.Headers[:0] {",
		Tests: "^specs-headers$",
	},
	{
		Name: "one-header-suffices", Says: "looks at the first header of a match alone",
		File: match, Old: "	for _, h := range m.Headers {", New: "	for _, h := range m.Headers[:min(1, len(m.Headers))] {",
		Tests: "^specs-headers$",
	},
	{
		Name: "path-ignored", Says: "ignores the path of a match",
		File: rules, Old: "	path := judgePath(r.Match.PathRegex)", New: "	path := judgePath(\"\")",
		Tests: "^specs-path-regex$",
	},
	{
		Name: "path-is-exact", Says: "takes a literal pathRegex for the whole path",
		File: paths, Old: "		return pathPattern{prefix: literal}", New: "		return pathPattern{exact: literal}",
		Tests: "^specs-path-(regex|ends)$",
	},
	{
		Name: "path-not-anchored", Says: "finds a pathRegex anywhere in the path",
		File: match, Old: "	switch {\n	case p.any:", New: "	if len(m.PathRegex) > 1 {\n		p.pathPattern = pathPattern{regex: \"(?s).*(?:\" + m.PathRegex + \").*\"}\n	}\n	switch {\n	case p.any:",
		Tests: "^specs-path-regex$",
	},
	{
		Name: "first-match-of-a-group-only", Says: "looks at the first match of an HTTPRouteGroup alone",
		File: inbound, Old: "	for _, m := range rg.Matches {", New: "	for _, m := range rg.Matches[:min(1, len(rg.Matches))] {",
		Tests: "^access-matches-omitted$|^specs-methods$",
	},
	{
		Name: "list-of-headers-ignored", Says: "reads headers as a map alone",
		File: headers, Old: "		pairs, _ = n.items()", New: "		pairs = nil",
		Tests: "^specs-headers-list$",
	},
}
