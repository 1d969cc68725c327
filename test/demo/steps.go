package main

import "github.com/weft-mesh/weft/test/traffic"

// step is a change and what must be measured after it.
type step struct {
	title string
	// sample is the file that is applied.
	sample string
	// during is measured from before the change until well after it.
	during *line
	// lines are measured one after the other, when every proxy has the change.
	lines []line
}

// line is one kind of request and the outcomes that it must have.
type line struct {
	who  caller
	what request
	want []share
}

// share is an outcome and its probability.
type share struct {
	outcome string
	p       float64
}

// request is an HTTP call of the catalog, or TCP to the stock.
type request struct {
	text string
	call traffic.Call
	tcp  bool
	// outcome names what an answer shows.
	outcome func(traffic.Answer) string
}

// caller is a container of the shop that requests are sent from.
type caller struct {
	name      string
	labels    map[string]string
	container string
}

var (
	front   = caller{"front", map[string]string{"app": "front"}, "front"}
	thief   = caller{"thief", map[string]string{"app": "thief"}, "thief"}
	catalog = caller{"catalog", map[string]string{"app": "catalog", "version": "v1"}, "catalog"}
)

var (
	getBooks  = request{text: "GET /books", call: traffic.Call{Method: "GET", Path: "/books"}, outcome: status}
	postBooks = request{text: "POST /books", call: traffic.Call{Method: "POST", Path: "/books"}, outcome: status}
	getAdmin  = request{text: "GET /admin", call: traffic.Call{Method: "GET", Path: "/admin"}, outcome: status}
	// whichBooks is getBooks told apart by the version that answers.
	whichBooks = request{text: "GET /books", call: getBooks.call, outcome: version}
	testBooks  = request{text: "GET /books, x-tester: yes", outcome: version, call: traffic.Call{
		Method: "GET", Path: "/books", Headers: map[string]string{"x-tester": "yes"},
	}}
	askStock = request{text: "TCP stock:8078", tcp: true}
)

var steps = []step{
	{
		title:  "A shop, and nothing is allowed yet",
		sample: "shop.yaml",
		lines: []line{
			{front, getBooks, all("403")},
			{thief, getBooks, all("403")},
			{catalog, askStock, all(cutOff)},
		},
	},
	{
		title:  "The front may read the catalog",
		sample: "access-front.yaml",
		lines: []line{
			{front, getBooks, all("200")},
			{front, postBooks, all("403")},
			{front, getAdmin, all("403")},
			{thief, getBooks, all("403")},
		},
	},
	{
		title:  "Every request goes to version 1",
		sample: "split-v1.yaml",
		lines:  []line{{front, whichBooks, all("v1")}},
	},
	{
		title:  "Version 2 gets every fourth request",
		sample: "split-canary.yaml",
		lines:  []line{{front, whichBooks, []share{{"v1", 0.75}, {"v2", 0.25}}}},
	},
	{
		title:  "Testers, known by a header, get version 2",
		sample: "split-header.yaml",
		lines: []line{
			{front, testBooks, all("v2")},
			{front, whichBooks, []share{{"v1", 0.75}, {"v2", 0.25}}},
		},
	},
	{
		title:  "The catalog may ask the stock, over TCP",
		sample: "access-stock.yaml",
		lines: []line{
			{catalog, askStock, all(echoed)},
			{thief, askStock, all(cutOff)},
		},
	},
	{
		title:  "Version 2 takes over, under load",
		sample: "split-v2.yaml",
		during: &line{front, getBooks, all("200")},
		lines:  []line{{front, whichBooks, all("v2")}},
	},
}

// all says that every request has one outcome.
func all(outcome string) []share { return []share{{outcome, 1}} }
