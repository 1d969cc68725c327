package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestReadEvents(t *testing.T) {
	tests := map[string]struct {
		events []string
		want   string
		ok     bool
	}{
		"innermost tests are counted": {
			events: []string{
				`{"Action":"start","Package":"p"}`,
				`{"Action":"run","Package":"p","Test":"A"}`,
				`{"Action":"run","Package":"p","Test":"A/x"}`,
				`{"Action":"run","Package":"p","Test":"A/y"}`,
				`{"Action":"pass","Package":"p","Test":"A/x"}`,
				`{"Action":"pass","Package":"p","Test":"A/y"}`,
				`{"Action":"pass","Package":"p","Test":"A"}`,
				`{"Action":"pass","Package":"p"}`,
			},
			want: "u: 2 passed, 0 failed, 0 skipped\n", ok: true,
		},
		"a failure is counted once and named": {
			events: []string{
				`{"Action":"start","Package":"p"}`,
				`{"Action":"run","Package":"p","Test":"A"}`,
				`{"Action":"run","Package":"p","Test":"A/x"}`,
				`{"Action":"output","Package":"p","Test":"A/x","Output":"it broke\n"}`,
				`{"Action":"fail","Package":"p","Test":"A/x"}`,
				`{"Action":"fail","Package":"p","Test":"A"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			want: "it broke\nfail p 0.0s\nu: FAILED: p A/x\nu: 0 passed, 1 failed, 0 skipped\n",
		},
		"a parent that fails by itself is counted": {
			events: []string{
				`{"Action":"run","Package":"p","Test":"A/x"}`,
				`{"Action":"pass","Package":"p","Test":"A/x"}`,
				`{"Action":"fail","Package":"p","Test":"A"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			want: "u: FAILED: p A\nu: 1 passed, 1 failed, 0 skipped\n",
		},
		"a package that does not build has failed": {
			events: []string{
				`{"ImportPath":"q","Action":"build-output","Output":"q.go:1: no\n"}`,
				`{"ImportPath":"q","Action":"build-fail"}`,
				`{"Action":"start","Package":"q"}`,
				`{"Action":"fail","Package":"q","FailedBuild":"q"}`,
				`{"Action":"pass","Package":"p","Test":"A"}`,
				`{"Action":"pass","Package":"p"}`,
			},
			want: "q.go:1: no\nfail q 0.0s\npass p 0.0s\nu: FAILED: q\nu: 1 passed, 1 failed, 0 skipped\n",
		},
		"a package that never ended has failed": {
			events: []string{
				`{"Action":"start","Package":"p"}`,
				`{"Action":"pass","Package":"p","Test":"A"}`,
			},
			want: "u: FAILED: p (did not end)\nu: 1 passed, 1 failed, 0 skipped\n",
		},
		"a skipped test is named with its reason": {
			events: []string{
				`{"Action":"output","Package":"p","Test":"A","Output":"    a_test.go:7: needs root\n"}`,
				`{"Action":"output","Package":"p","Test":"A","Output":"--- SKIP: A\n"}`,
				`{"Action":"skip","Package":"p","Test":"A"}`,
				`{"Action":"pass","Package":"p","Test":"B"}`,
			},
			want: "u: skipped: p A (needs root)\nu: 1 passed, 0 failed, 1 skipped\n", ok: true,
		},
		"what is no event is passed on": {
			events: []string{`go: no such tool`},
			want:   "go: no such tool\nu: FAILED: no test ran\nu: 0 passed, 1 failed, 0 skipped\n",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			got, err := readEvents(strings.NewReader(strings.Join(tc.events, "\n")+"\n"), &out)
			if err != nil {
				t.Fatal(err)
			}
			ok := got.print(&out, "u")
			if ok != tc.ok {
				t.Errorf("ok = %v, want %v", ok, tc.ok)
			}
			if !strings.HasSuffix(out.String(), tc.want) {
				t.Errorf("printed:\n%swant it to end:\n%s", out.String(), tc.want)
			}
		})
	}
}

func TestReadReport(t *testing.T) {
	tests := map[string]struct {
		report string
		want   tally
		bad    bool
	}{
		"specs by state": {
			report: `[{"SuiteSucceeded":false,"SpecReports":[
				{"LeafNodeType":"It","LeafNodeText":"a","State":"passed"},
				{"LeafNodeType":"It","LeafNodeText":"b","State":"failed"},
				{"LeafNodeType":"It","LeafNodeText":"c","State":"skipped"},
				{"LeafNodeType":"BeforeSuite","State":"passed"}]}]`,
			want: tally{passed: 1, failed: []string{"b"}, skipped: []string{"c"}},
		},
		"a set-up that fails": {
			report: `[{"SpecReports":[{"LeafNodeType":"BeforeSuite","State":"panicked"},{"LeafNodeType":"It","LeafNodeText":"a","State":"skipped"}]}]`,
			want:   tally{failed: []string{"BeforeSuite"}, skipped: []string{"a"}},
		},
		"a suite that fails as a whole": {
			report: `[{"SuiteDescription":"s","SuiteSucceeded":false,"SpecReports":[{"LeafNodeType":"It","State":"passed"}]}]`,
			want:   tally{passed: 1, failed: []string{"s"}},
		},
		"half a file": {report: `[{"Suite`, bad: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := readReport([]byte(tc.report))
			if (err != nil) != tc.bad {
				t.Fatalf("error %v, want one: %v", err, tc.bad)
			}
			var a, b bytes.Buffer
			got.print(&a, "e2e")
			tc.want.print(&b, "e2e")
			if a.String() != b.String() {
				t.Errorf("got:\n%swant:\n%s", a.String(), b.String())
			}
		})
	}
}
