package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
)

const (
	// width is the number of columns that all of the demo's own output stays within.
	width = 100
	// barWidth is the number of columns of a bar.
	barWidth = 16
)

// table writes what the demo does and measures, for a terminal or a file.
type table struct {
	out   io.Writer
	paint bool
	// full and empty are the parts of a bar.
	full, empty string
	requests    int
}

// newTable returns a table for a file, with colours if that is a terminal, and blocks if the locale has them.
func newTable(out *os.File, requests int) *table {
	t := &table{out: out, requests: requests, full: "#", empty: "."}
	info, err := out.Stat()
	t.paint = err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	if utf8Locale(os.Getenv) {
		t.full, t.empty = "█", "░"
	}
	return t
}

// utf8Locale tells whether the environment's locale writes UTF-8.
func utf8Locale(env func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(env(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

// Escape sequences that colour a text.
const (
	bold  = "\x1b[1m"
	faint = "\x1b[2m"
	red   = "\x1b[1;31m"
	green = "\x1b[32m"
	plain = "\x1b[0m"
)

func (t *table) colour(sequence, text string) string {
	if !t.paint || text == "" {
		return text
	}
	return sequence + text + plain
}

// columns lays out a line of the table; the bar and the verdict follow.
const columns = "   %-7s %-25s %-9s %-17s %4s %6s  "

// head says what is shown, and explains the columns.
func (t *table) head() {
	fmt.Fprintf(t.out, `
The shop:  front --HTTP--> catalog (versions v1 and v2) --TCP--> stock, and a thief who tries both.
Each line is %d real requests; a share must lie in the exact 99.9%% interval of a fair split.

%s
`, t.requests, t.colour(faint, strings.TrimRight(fmt.Sprintf(columns, "from", "request", "outcome", "expected", "got", ""), " ")))
}

// step announces a step.
func (t *table) step(number int, title string) {
	fmt.Fprintf(t.out, "\n%s\n", t.colour(bold, fmt.Sprintf("%d  %s", number, title)))
}

// ran shows a command and, in short, what it said.
func (t *table) ran(command, output string) {
	fmt.Fprintf(t.out, "   %s\n   %s\n", t.colour(faint, "$ "+command), t.colour(faint, clip(output, width-3)))
}

// line shows what became of a line's requests.
func (t *table) line(who, what string, verdicts []verdict) {
	for _, v := range verdicts {
		share := float64(v.count) / math.Max(1, float64(v.total))
		fmt.Fprintf(t.out, columns, who, clip(what, 25), clip(v.outcome, 9), v.expected(),
			fmt.Sprint(v.count), fmt.Sprintf("%.1f%%", share*100))
		colour, word := green, "ok"
		if !v.ok() {
			colour, word = red, "MISS"
		}
		full := filled(share)
		fmt.Fprintf(t.out, "%s%s %s\n", t.colour(colour, strings.Repeat(t.full, full)),
			t.colour(faint, strings.Repeat(t.empty, barWidth-full)), t.colour(colour, word))
		who, what = "", ""
	}
}

// filled is how much of a bar shows a share: all of it and nothing of it only if that is exact.
func filled(share float64) int {
	n := int(math.Round(share * barWidth))
	switch {
	case share > 0 && n == 0:
		return 1
	case share < 1 && n == barWidth:
		return barWidth - 1
	}
	return n
}

// expected says which counts are right.
func (v verdict) expected() string {
	switch v.share {
	case 0:
		return "none"
	case 1:
		return fmt.Sprintf("all %d", v.total)
	}
	return fmt.Sprintf("%.0f%%: %d to %d", v.share*100, v.low, v.high)
}

// note shows a problem under a line.
func (t *table) note(text string) {
	if text != "" {
		fmt.Fprintf(t.out, "   %s\n", t.colour(red, clip(text, width-3)))
	}
}

// objects shows a command and all that it said.
func (t *table) objects(command, output string) {
	fmt.Fprintf(t.out, "\n%s\n%s", t.colour(faint, "$ "+command), output)
}

// praise ends a run in which all was right.
func (t *table) praise(steps int) {
	fmt.Fprintf(t.out, "\n%s\n", t.colour(green, fmt.Sprintf("All figures of the %d steps are as expected.", steps)))
}

// clip shortens a text to a number of columns.
func clip(text string, columns int) string {
	runes := []rune(text)
	if len(runes) <= columns {
		return text
	}
	return string(runes[:columns-3]) + "..."
}
