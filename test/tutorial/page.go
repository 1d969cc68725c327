package tutorial

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// Page is what there is to run of a page, section by section.
type Page struct {
	// Path is the file that was read.
	Path     string
	Sections []Section
}

// Section is what stands below one heading and above the next. One without a block is in no Page.
type Section struct {
	// Title is the heading without its marks.
	Title  string
	Blocks []Block
}

// Block is a fenced block of commands.
type Block struct {
	// Source says where it begins, as in "docs/flagger.md:12".
	Source string
	Script string
}

// Read reads a page. One without a single command is an error, since its test would test nothing.
func Read(path string) (Page, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Page{}, fmt.Errorf("read the tutorial: %w", err)
	}
	return parse(path, string(text))
}

var (
	heading = regexp.MustCompile(`^#{1,6}\s+(.*?)\s*#*$`)
	fence   = regexp.MustCompile("^(`{3,}|~{3,})\\s*([^`\\s]*)[^`]*$")
	leftOut = regexp.MustCompile(`^<!--\s*not run:.*-->$`)
)

// reader walks over the lines of a page.
type reader struct {
	page    Page
	title   string
	skip    bool
	opening string
	block   *Block
	run     bool
}

func parse(path, text string) (Page, error) {
	r := reader{page: Page{Path: path}}
	for i, line := range strings.Split(text, "\n") {
		if r.block != nil {
			r.inside(line)
		} else {
			r.outside(fmt.Sprintf("%s:%d", path, i+1), strings.TrimSpace(line))
		}
	}
	if r.block != nil {
		return Page{}, fmt.Errorf("%s: the block is never closed", r.block.Source)
	}
	if len(r.page.Sections) == 0 {
		return Page{}, fmt.Errorf("%s has no block of commands (sh)", path)
	}
	return r.page, nil
}

func (r *reader) outside(source, line string) {
	if opened := fence.FindStringSubmatch(line); opened != nil {
		r.opening, r.block = opened[1], &Block{Source: source}
		r.run = opened[2] == "sh" && !r.skip
	} else if titled := heading.FindStringSubmatch(line); titled != nil {
		r.title = titled[1]
	}
	if line != "" {
		r.skip = leftOut.MatchString(line)
	}
}

func (r *reader) inside(line string) {
	mark := strings.TrimSpace(line)
	if !strings.HasPrefix(mark, r.opening) || strings.Trim(mark, r.opening[:1]) != "" {
		r.block.Script += line + "\n"
		return
	}
	if r.run {
		r.add(*r.block)
	}
	r.block = nil
}

func (r *reader) add(block Block) {
	last := len(r.page.Sections) - 1
	if last < 0 || r.page.Sections[last].Title != r.title {
		r.page.Sections = append(r.page.Sections, Section{Title: r.title})
		last++
	}
	r.page.Sections[last].Blocks = append(r.page.Sections[last].Blocks, block)
}
