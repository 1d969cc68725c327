package table

import (
	"fmt"
	"sort"
	"strings"
	"sync"
)

// tally counts outcomes.
type tally struct {
	mu sync.Mutex
	n  map[string]int
}

func (t *tally) add(outcome string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == nil {
		t.n = map[string]int{}
	}
	t.n[outcome]++
}

// String is all outcomes with their numbers, as in "1499 × 200, 1 × 503".
func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []string
	for outcome, n := range t.n {
		all = append(all, fmt.Sprintf("%d × %s", n, outcome))
	}
	sort.Strings(all)
	return strings.Join(all, ", ")
}

// repeat does something n times, so many at a time, and counts the outcomes.
func repeat(n, workers int, do func(i int) string) string {
	var t tally
	var all sync.WaitGroup
	next := make(chan int)
	for range workers {
		all.Go(func() {
			for i := range next {
				t.add(do(i))
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
	return t.String()
}
