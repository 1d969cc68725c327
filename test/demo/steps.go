package main

import "github.com/weft-mesh/weft/test/traffic"

// step applies some files and says what is to be measured then.
type step struct {
	title string
	files []string
	// measures are made one after the other.
	measures []measure
}

// measure is a number of calls and the share that each outcome is to have.
type measure struct {
	// from is the app label of the calling pod.
	from string
	// what says what is called.
	what string
	// call is an HTTP call of the catalog; without it, TCP connections to the stock are made.
	call *traffic.Call
	want map[string]float64
}

// Outcomes of a call. One that got an answer from the catalog is counted by the version that gave it.
const (
	v1      = "v1"
	v2      = "v2"
	refused = "refused"
	echoed  = "echoed"
)

var (
	read   = &traffic.Call{Path: "/books/7"}
	remove = &traffic.Call{Path: "/books/7", Method: "DELETE"}
	tester = &traffic.Call{Path: "/books/7", Headers: map[string]string{"x-tester": "yes"}}
)

func get(from string, want map[string]float64) measure {
	return measure{from: from, what: "GET /books/7", call: read, want: want}
}

func connect(from string, want map[string]float64) measure {
	return measure{from: from, what: "TCP to stock", want: want}
}

var all = func(outcome string) map[string]float64 { return map[string]float64{outcome: 1} }

var steps = []step{
	{
		title:    "Nothing is allowed yet, so nothing gets through",
		measures: []measure{get("front", all(refused)), connect("catalog", all(refused))},
	},
	{
		title: "The front may read the catalog",
		files: []string{"access-front.yaml", "split-v1.yaml"},
		measures: []measure{
			get("front", all(v1)),
			{from: "front", what: "DELETE /books/7", call: remove, want: all(refused)},
			get("thief", all(refused)),
		},
	},
	{
		title:    "The catalog may ask the stock, over TCP",
		files:    []string{"access-stock.yaml"},
		measures: []measure{connect("catalog", all(echoed)), connect("thief", all(refused))},
	},
	{
		title: "Testers see version 2, by a header",
		files: []string{"split-header.yaml"},
		measures: []measure{
			{from: "front", what: "x-tester: yes", call: tester, want: all(v2)},
			get("front", all(v1)),
		},
	},
	{
		title:    "Version 2 gets every fourth request",
		files:    []string{"split-canary.yaml"},
		measures: []measure{get("front", map[string]float64{v1: 0.75, v2: 0.25})},
	},
	{
		title:    "Version 2 takes over",
		files:    []string{"split-v2.yaml"},
		measures: []measure{get("front", all(v2)), get("thief", all(refused))},
	},
}
