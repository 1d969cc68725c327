package suite

import (
	"context"
	"fmt"
	"slices"

	"github.com/weft-mesh/weft/conformance/actors"
)

// mark gives each case a mark of its own, so that servers can be asked whether its call has reached them.
func (e *Env) mark(all []Case) []Case {
	marked := slices.Clone(all)
	for i := range marked {
		marked[i].Call.Mark = fmt.Sprintf("%s/%d", e.test, e.marks.Add(1))
	}
	return marked
}

// received wants no server to have received a call that was to be denied: a mesh that delivers it and hides the answer has
// denied nothing. Calls that were answered show that the servers keep what they receive.
func (e *Env) received(ctx context.Context, cases []Case, outcomes []actors.Outcome) error {
	var marks []string
	for _, c := range cases {
		marks = append(marks, c.Call.Mark)
	}
	times, err := e.ledgers.received(ctx, marks)
	if err != nil {
		return err
	}
	for i, c := range cases {
		for server, received := range times {
			n, answered := received[c.Call.Mark], 0
			if outcomes != nil {
				answered = outcomes[i].Servers[server.String()]
			}
			switch {
			case !c.Allowed && n > 0:
				return fmt.Errorf("%s was to be denied, and %s received it %d times, whatever its caller saw", c, server, n)
			case n < answered:
				return fmt.Errorf("%s: %s answered %d calls, and says that it received %d", c, server, answered, n)
			}
		}
	}
	return nil
}

// ledgers asks servers in pods what has reached them. Each has a session, which stays.
type ledgers struct {
	sessions sessions
	servers  []Actor
}

// received is how often each server received each of the marks.
func (l *ledgers) received(ctx context.Context, marks []string) (map[Actor]map[string]int, error) {
	type reply struct {
		of    Actor
		times map[string]int
		err   error
	}
	replies := make(chan reply, len(l.servers))
	for _, server := range l.servers {
		go func() {
			var r actors.Received
			err := l.sessions.exchange(ctx, server, actors.Question{Marks: marks}, &r)
			replies <- reply{server, r.Times, err}
		}()
	}
	all := map[Actor]map[string]int{}
	var first error
	for range l.servers {
		r := <-replies
		all[r.of] = r.times
		if r.err != nil && first == nil {
			first = fmt.Errorf("ask %s what it received: %w", r.of, r.err)
		}
	}
	return all, first
}
