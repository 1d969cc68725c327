package versions

import (
	"strings"
	"testing"
)

// TestListHeaders (trap 34): both shapes become the one that Go clients read.
func TestListHeaders(t *testing.T) {
	tests := map[string]struct{ headers, want string }{
		"map":              {"{b: '2', a: '1'}", "[{a: '1'}, {b: '2'}]"},
		"empty map":        {"{}", "[]"},
		"list":             {"[{b: '2'}, {a: '1'}, {a: '3'}]", ""},
		"list of wide map": {"[{b: '2', a: '1'}, {c: '3'}]", "[{a: '1'}, {b: '2'}, {c: '3'}]"},
		"empty entry":      {"[{}, {a: '1'}]", "[{a: '1'}]"},
		"text":             {"all", ""},
		"list of text":     {"[all]", ""},
		"null":             {"null", ""},
	}
	for name, tc := range tests {
		for _, head := range []string{htr2 + "matches: [{name: a, headers: HEADERS}, 7]", htr4 + "spec: {matches: [{name: n}, {name: a, headers: HEADERS}]}"} {
			before := parse(t, replace(head, tc.headers))
			object := parse(t, replace(head, tc.headers))
			got, changed := ListHeaders(object)
			want := before
			if tc.want != "" {
				want = parse(t, replace(head, tc.want))
			}
			if diff := differ(want, got); diff != "" || changed != (tc.want != "") || differ(before, object) != "" {
				t.Errorf("%s: changed is %v (-want +got):\n%s", name, changed, diff)
			}
			if _, again := ListHeaders(got); again {
				t.Errorf("%s: it is changed again", name)
			}
		}
	}
	if _, changed := ListHeaders(parse(t, split4+"matches: [{headers: {a: b}}]")); changed {
		t.Error("another kind was changed")
	}
}

func replace(text, headers string) string { return strings.ReplaceAll(text, "HEADERS", headers) }
