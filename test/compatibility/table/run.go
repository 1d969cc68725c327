package table

import (
	"context"
	"sync"
	"time"
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
			r := Result{Case: c.Name, Saw: c.Do(ctx, target)}
			r.Seconds = time.Since(start).Seconds()
			out.Lock()
			defer out.Unlock()
			done(r)
		})
	}
	all.Wait()
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
