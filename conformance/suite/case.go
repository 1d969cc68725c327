package suite

import (
	"fmt"
	"strings"

	"github.com/weft-mesh/weft/conformance/actors"
)

// String names an actor in messages.
func (a Actor) String() string { return a.Namespace + "/" + a.Name }

// Case is a call and whether a server is to answer it.
type Case struct {
	From    Actor
	Call    actors.Call
	Allowed bool
}

// Allowed are calls that a server is to answer.
func Allowed(from Actor, calls ...actors.Call) []Case { return cases(from, true, calls) }

// Denied are calls that no server is to answer.
func Denied(from Actor, calls ...actors.Call) []Case { return cases(from, false, calls) }

func cases(from Actor, allowed bool, calls []actors.Call) []Case {
	var all []Case
	for _, call := range calls {
		all = append(all, Case{from, call, allowed})
	}
	return all
}

// check says what is wrong with an outcome.
func (c Case) check(o actors.Outcome) error {
	switch answered := o.Answered(); {
	case c.Allowed && answered < o.Count:
		return fmt.Errorf("%s was to be allowed, and of %d calls %d were answered by a server: %s", c, o.Count, answered, summary(o))
	case !c.Allowed && answered > 0:
		return fmt.Errorf("%s was to be denied, and of %d calls %d were answered by a server: %s", c, o.Count, answered, summary(o))
	}
	return nil
}

// String is a call in few words: "smi-main/client-a: http GET web-v1.smi-main.svc:8080/api x-a=1".
func (c Case) String() string { return c.From.String() + ": " + describeCall(c.Call) }

func describeCall(c actors.Call) string {
	words := []string{string(c.Protocol)}
	if c.Method != "" {
		words = append(words, c.Method)
	}
	words = append(words, c.Address+c.Path)
	for name, value := range c.Headers {
		words = append(words, name+"="+value)
	}
	if c.Connection != "" {
		words = append(words, "on a kept connection")
	}
	return strings.Join(words, " ")
}

func summary(o actors.Outcome) string {
	text := fmt.Sprintf("servers %v, codes %v, errors %v", o.Servers, o.Codes, o.Errors)
	return strings.ReplaceAll(text, "map[]", "none")
}
