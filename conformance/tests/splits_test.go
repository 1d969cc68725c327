package tests

import (
	"maps"
	"strings"
	"testing"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/suite"
)

func TestOnlyWantsEachServerAndNobodyElse(t *testing.T) {
	e := &suite.Env{Main: "m", Other: "o"}
	for name, c := range map[string]struct {
		outcome actors.Outcome
		want    string
	}{
		"as it should be":             {actors.Outcome{Count: 5, Servers: map[string]int{"m/web-v1": 4, "m/web-v2": 1}}, ""},
		"one of them is missing":      {actors.Outcome{Count: 5, Servers: map[string]int{"m/web-v1": 5}}, "map[web-v1:5]"},
		"a third answers":             {actors.Outcome{Count: 6, Servers: map[string]int{"m/web-v1": 4, "m/web-v2": 1, "m/web-v3": 1}}, "web-v3:1"},
		"one of another namespace":    {actors.Outcome{Count: 6, Servers: map[string]int{"m/web-v1": 4, "m/web-v2": 1, "o/web-v1": 1}}, "o/web-v1:1"},
		"a call without an answer":    {actors.Outcome{Count: 6, Servers: map[string]int{"m/web-v1": 4, "m/web-v2": 1}, Codes: map[string]int{"503": 1}}, "nobody:1"},
		"a proxy answers, not a pod":  {actors.Outcome{Count: 1, Codes: map[string]int{"200": 1}}, "nobody:1"},
		"no call was made, no answer": {actors.Outcome{}, "map[]"},
	} {
		err := only(e, "web-v2", "web-v1")(c.outcome)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestSelectedKnowsTheBaseFixtures(t *testing.T) {
	e := &suite.Env{Main: "m", Other: "o"}
	for address, want := range map[string]int{
		e.Address("web", suite.PortWeb): 3, e.Address("web-v2", suite.PortWeb): 1,
		e.Address("birds", 9000): 0, e.AddressIn(e.Other, "web", suite.PortWeb): 0, "web:80": 0,
	} {
		if got := selected(e, actors.Call{Address: address}); len(got) != want {
			t.Errorf("%s: %v, want %d", address, got, want)
		}
	}
}

func TestAnswersAreCountedByWhoGaveThem(t *testing.T) {
	e := &suite.Env{Main: "m"}
	o := actors.Outcome{Count: 10, Servers: map[string]int{"m/a": 3, "o/a": 4}}
	if got, want := answers(e, o), map[string]int{"a": 3, "o/a": 4, nobody: 3}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
