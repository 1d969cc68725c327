package report

import (
	"fmt"
	"strings"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

// Markdown is the report for people.
func (r Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# SMI conformance of %s %s\n\n", line(r.Implementation.Project), line(r.Implementation.Version))
	r.writeFacts(&b)
	if r.Problem != "" {
		fmt.Fprintf(&b, "\n**Nothing was tested:** %s\n", line(r.Problem))
	}
	r.writeProfiles(&b)
	r.writeFailures(&b)
	for _, p := range r.Profiles {
		r.writeFeatures(&b, p.Name)
	}
	r.writeFigures(&b)
	return b.String()
}

func (r Report) writeFacts(b *strings.Builder) {
	fmt.Fprintf(b, "| | |\n|---|---|\n")
	for _, fact := range [][2]string{
		{"implementation", r.Implementation.Organization + "/" + r.Implementation.Project + ", " + r.Implementation.URL},
		{"contact", strings.Join(r.Implementation.Contact, ", ")},
		{"suite", r.Versions.Suite},
		{"Kubernetes", r.Versions.Kubernetes},
		{"served", strings.Join(r.Versions.Served, ", ")},
		{"date", r.Date},
		{"seed", fmt.Sprint(r.Seed)},
		{"confidence", fmt.Sprintf("%v: so often does a mesh that keeps all weights pass all statistical verdicts of a run", r.Confidence)},
	} {
		if fact[1] != "" {
			fmt.Fprintf(b, "| %s | %s |\n", fact[0], line(fact[1]))
		}
	}
}

func (r Report) writeProfiles(b *strings.Builder) {
	fmt.Fprint(b, "\n| profile | level | result | passed | failed | unsupported | skipped |\n|---|---|---|--:|--:|--:|--:|\n")
	for _, p := range r.Profiles {
		for _, l := range []struct {
			name features.Level
			*Level
		}{{features.Core, p.Core}, {features.Extended, p.Extended}} {
			if l.Level != nil {
				s := l.Statistics
				fmt.Fprintf(b, "| %s | %s | **%s** | %d | %d | %d | %d |\n", p.Name, l.name, l.Result, s.Passed, s.Failed, s.Unsupported, s.Skipped)
			}
		}
	}
}

func (r Report) writeFailures(b *strings.Builder) {
	if len(r.Failures) == 0 {
		return
	}
	fmt.Fprint(b, "\n## What failed\n")
	for _, f := range r.Failures {
		fmt.Fprintf(b, "\n- `%s`\n\n", f.Test)
		for text := range strings.Lines(strings.TrimSpace(f.Message) + "\n") {
			fmt.Fprintf(b, "      %s\n", strings.TrimRight(text, "\r\n"))
		}
	}
}

func (r Report) writeFeatures(b *strings.Builder, profile features.Profile) {
	fmt.Fprintf(b, "\n## %s\n\n| feature | level | result | the specification | tests |\n|---|---|---|---|---|\n", profile)
	for _, f := range r.Features {
		if f.Profile != profile {
			continue
		}
		result := string(f.Result)
		if f.Result != suite.Passed {
			result = "**" + result + "**"
		}
		if f.Reason != "" {
			result += ": " + line(f.Reason)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s (%s) | %s |\n", f.Name, f.Level, result, line(f.Statement), line(f.Source), strings.Join(f.Tests, ", "))
	}
}

// writeFigures lists what was measured, each test's once.
func (r Report) writeFigures(b *strings.Builder) {
	seen := map[string]bool{}
	for _, f := range r.Features {
		for _, figure := range f.Figures {
			text := fmt.Sprintf("| %s | %s |\n", line(figure.Name), line(fmt.Sprint(figure.Value)))
			if seen[text] {
				continue
			}
			if len(seen) == 0 {
				fmt.Fprint(b, "\n## Figures\n\n| what | measured |\n|---|---|\n")
			}
			seen[text] = true
			fmt.Fprint(b, text)
		}
	}
}

// line makes a text fit into a cell.
func line(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", "\\|")
}
