package table

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	report = regexp.MustCompile(`\b[a-z0-9-]+#\d+\b`)
	named  = regexp.MustCompile("see `([^`]+)`")
)

// docs/compatibility.md and the rows name the same reports, and the page names rows that there are.
func TestThePageAndTheRowsHoldEachOther(t *testing.T) {
	page, err := os.ReadFile("../../../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for line := range strings.Lines(string(page)) {
		if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| ") {
			told = append(told, report.FindAllString(cells[0], -1)...)
		}
	}
	var tried, names []string
	for _, c := range All() {
		tried = append(tried, report.FindAllString(c.From, -1)...)
		names = append(names, c.Name)
	}
	for _, number := range tried {
		if !slices.Contains(told, number) {
			t.Errorf("docs/compatibility.md does not tell of %s, which a row comes from", number)
		}
	}
	for _, number := range told {
		if !slices.Contains(tried, number) {
			t.Errorf("docs/compatibility.md tells of %s, which no row comes from", number)
		}
	}
	for _, match := range named.FindAllStringSubmatch(string(page), -1) {
		if !slices.Contains(names, match[1]) {
			t.Errorf("docs/compatibility.md names a row %q, which there is not", match[1])
		}
	}
}
