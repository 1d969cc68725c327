package table

// paths are request targets that must reach the application as they were sent.
func paths() []Case {
	rows := []struct{ name, from, target string }{
		{"two slashes", "kgateway#14619, envoy#7611", "/a//b"},
		{"a URL in a path", "kgateway#14619, contour#4339", "/img/http://host.example/x.png"},
		{"a dot in a path", "envoy#7611", "/a/./b"},
		{"two dots in a path", "envoy#7611", "/a/c/../b"},
		{"an encoded slash", "rabbitmq-management#602, uds-core#288", "/a%2Fb"},
		{"an encoded slash in lower case", "rabbitmq-management#602", "/a%2fb"},
		{"an encoded tilde", "", "/%7Euser"},
		{"an encoded space", "", "/a%20b"},
		{"encoded UTF-8", "", "/caf%C3%A9"},
		{"an encoded letter", "", "/a%41"},
		{"a parameter of a path's part", "", "/a;v=1/b"},
		{"dots with a semicolon", "kgateway#14619", "/a/..;/b"},
		{"a plus", "", "/a+b"},
		{"a bar", "", "/a|b"},
		{"brackets and quotes", "", `/a[1]{2}"3"`},
		{"an encoded percent", "", "/a%25b"},
		{"a slash at the end", "kgateway#14619", "/a/"},
		{"all kinds in a query", "envoy#7611", "/x?u=http://h//y/../z%2F&v=a+b|c"},
		{"an empty query", "envoy#7611", "/x?"},
		{"two slashes at the start", "kgateway#14619", "//host/x"},
		{"a backslash", "", `/a\b`},
	}
	var all []Case
	for _, r := range rows {
		x := exchange{send: get(r.target), see: see(seen(sawStart))}
		all = append(all, Case{
			Name: "path as sent: " + r.name, From: r.from, Do: x.do, Want: "200 server: GET " + r.target + " HTTP/1.1",
		})
	}
	return all
}
