package main

// reasons say in a sentence what stands between weft and a goal that it misses.
// The page has those of goals that are missed in what was measured last.
var reasons = map[string]string{}
