package table

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Result is what was seen in a case.
type Result struct {
	Case    string  `json:"case"`
	Saw     string  `json:"saw"`
	Seconds float64 `json:"seconds"`
}

// caseTimeout bounds a case: no row waits longer than 75 seconds for something.
const caseTimeout = 110 * time.Second

// Run runs cases, slow ones all at once and so many of the others at a time, and hands on each result as it comes.
func Run(ctx context.Context, cases []Case, target Target, workers int, done func(Result)) {
	var all sync.WaitGroup
	var out sync.Mutex
	slots := make(chan struct{}, workers)
	for _, c := range cases {
		if !c.Slow {
			slots <- struct{}{}
		}
		all.Go(func() {
			if !c.Slow {
				defer func() { <-slots }()
			}
			ctx, cancel := context.WithTimeout(ctx, caseTimeout)
			defer cancel()
			start := time.Now()
			r := Result{Case: c.Name, Saw: printable(c.Do(ctx, target))}
			r.Seconds = time.Since(start).Seconds()
			out.Lock()
			defer out.Unlock()
			done(r)
		})
	}
	all.Wait()
}

// printable has what is no UTF-8 written as Go writes it, as JSON can't carry it.
func printable(text string) string {
	var b strings.Builder
	for i, r := range text {
		if _, n := utf8.DecodeRuneInString(text[i:]); r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, text[i])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Select are the cases of a group.
func Select(cases []Case, group Group) []Case {
	var some []Case
	for _, c := range cases {
		if c.Group == group {
			some = append(some, c)
		}
	}
	return some
}
