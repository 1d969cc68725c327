package main

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/weft-mesh/weft/test/traffic"
)

// drawn is what a table shows of a line.
func drawn(t *table, l line, counts traffic.Counts) string {
	var out strings.Builder
	t.out = &out
	t.head()
	t.step(1, "A step")
	t.ran("kubectl apply -f config/samples/shop.yaml", strings.Repeat("object/created, ", 20))
	t.line(l.who.name, l.what.text+", meanwhile", judge(l.want, counts))
	t.note(strings.Repeat("the door is shut; ", 20))
	t.praise(7)
	return out.String()
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestOutputFitsTheScreen(t *testing.T) {
	l := line{catalog, testBooks, []share{{"v1", 0.75}, {"v2", 0.25}}}
	counts := traffic.Counts{"v1": 3700, "v2": 1200, "status of unusual length": 100}
	for name, paint := range map[string]bool{"a terminal": true, "a file": false} {
		t.Run(name, func(t *testing.T) {
			text := drawn(&table{full: "█", empty: "░", paint: paint, requests: 5000}, l, counts)
			if got := escapes.MatchString(text); got != paint {
				t.Errorf("escape sequences: %v, want %v", got, paint)
			}
			for row := range strings.Lines(escapes.ReplaceAllString(text, "")) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(row, "\n")); n > width {
					t.Errorf("%d columns: %q", n, row)
				}
			}
		})
	}
}

func TestLineShowsItsVerdict(t *testing.T) {
	text := drawn(&table{full: "#", empty: "."}, line{front, whichBooks, []share{{"v1", 0.75}, {"v2", 0.25}}},
		traffic.Counts{"v1": 370, "v2": 129, "503": 1})
	for _, want := range []string{
		`v1 +75%: 342 to 406 +370 +74\.0%  #{12}\.{4} ok`,
		`v2 +25%: 94 to 158 +129 +25\.8%  #{4}\.{12} ok`,
		`503 +none +1 +0\.2%  #\.{15} MISS`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("nothing like %s in:\n%s", want, text)
		}
	}
}

func TestFilled(t *testing.T) {
	for share, want := range map[float64]int{0: 0, 0.001: 1, 0.5: barWidth / 2, 0.999: barWidth - 1, 1: barWidth} {
		if got := filled(share); got != want {
			t.Errorf("filled(%g) = %d, want %d", share, got, want)
		}
	}
}

func TestUTF8Locale(t *testing.T) {
	tests := map[string]struct {
		env  map[string]string
		want bool
	}{
		"none":                      {nil, false},
		"LANG":                      {map[string]string{"LANG": "de_DE.UTF-8"}, true},
		"C":                         {map[string]string{"LANG": "C"}, false},
		"LC_ALL stands above LANG":  {map[string]string{"LC_ALL": "POSIX", "LANG": "en_GB.UTF-8"}, false},
		"LC_CTYPE stands above too": {map[string]string{"LC_CTYPE": "C.utf8", "LANG": "C"}, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := utf8Locale(func(key string) string { return tc.env[key] }); got != tc.want {
				t.Errorf("utf8Locale = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestApplied(t *testing.T) {
	tests := map[string]struct{ output, want string }{
		"one":  {"trafficsplit.split.smi-spec.io/catalog configured\n", "trafficsplit/catalog configured"},
		"two":  {"a.b.c/x created\nservice/y unchanged\n", "a/x created, service/y unchanged"},
		"many": {strings.Repeat("service/y created\n", 14), "14 objects applied"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := applied(tc.output); got != tc.want {
				t.Errorf("applied = %q, want %q", got, tc.want)
			}
		})
	}
}
