package actors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Defaults of a call.
const (
	defaultTimeout = 2 * time.Second
	defaultMethod  = "GET"
)

// reply is what came back of one single call.
type reply struct {
	// answer is nil where no server of the suite answered.
	answer *Answer
	// code is the status of an answer of anybody, err why there is none.
	code string
	err  error
	took time.Duration
}

// line is a connection, or the means to have one for each call.
type line interface {
	// ask makes the call once.
	ask(ctx context.Context, c Call) reply
	// dialled is how many connections were opened.
	dialled() int
	close()
}

// Caller makes calls. Its named connections live as long as it does.
type Caller struct {
	kept map[string]line
}

// NewCaller is a caller without connections.
func NewCaller() *Caller { return &Caller{kept: map[string]line{}} }

// Close closes its named connections.
func (c *Caller) Close() {
	for _, l := range c.kept {
		l.close()
	}
}

// Run reads plans and writes reports until the input ends.
func (c *Caller) Run(ctx context.Context, in io.Reader, out io.Writer) error {
	plans := json.NewDecoder(in)
	for {
		var plan Plan
		if err := plans.Decode(&plan); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read a plan: %w", err)
		}
		report, err := c.Do(ctx, plan)
		if err != nil {
			return err
		}
		if err := json.NewEncoder(out).Encode(report); err != nil {
			return fmt.Errorf("write a report: %w", err)
		}
	}
}

// Do makes the calls of a plan.
func (c *Caller) Do(ctx context.Context, plan Plan) (Report, error) {
	report := Report{Outcomes: make([]Outcome, len(plan.Calls))}
	names := &resolver{known: map[string]string{}}
	var group sync.WaitGroup
	defer group.Wait()
	for i, call := range plan.Calls {
		call = withDefaults(call)
		l, err := c.line(call, names)
		if err != nil {
			return Report{}, fmt.Errorf("call %d: %w", i, err)
		}
		group.Go(func() { report.Outcomes[i] = perform(ctx, l, call) })
		if !plan.Together {
			group.Wait()
		}
	}
	group.Wait()
	return report, nil
}

// perform makes one call of a plan, as often as it says.
func perform(ctx context.Context, l line, call Call) Outcome {
	before := l.dialled()
	outcome := repeat(ctx, l, call).outcome()
	outcome.Connections = l.dialled() - before
	if call.Connection == "" {
		l.close()
	}
	return outcome
}

func withDefaults(c Call) Call {
	if c.Protocol == "" {
		c.Protocol = HTTP
	}
	if c.Path == "" {
		c.Path = "/"
	}
	if c.Method == "" {
		c.Method = defaultMethod
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	c.Count = max(c.Count, 1)
	c.Concurrency = max(c.Concurrency, 1)
	return c
}

// line finds the named connection of a call, or makes one.
func (c *Caller) line(call Call, names *resolver) (line, error) {
	key := fmt.Sprintf("%s %s %s", call.Protocol, call.Address, call.Connection)
	if l, ok := c.kept[key]; ok && call.Connection != "" {
		return l, nil
	}
	var l line
	d := &dialer{names: names}
	keep := call.Connection != ""
	switch call.Protocol {
	case HTTP, HTTP2:
		l = newHTTPLine(d, call, keep)
	case GRPC:
		l = &grpcLine{dialer: d, keep: keep}
	case TCP, UDP:
		l = &socketLine{dialer: d, keep: keep}
	default:
		return nil, fmt.Errorf("protocol %q is not known: use http, http2, grpc, tcp or udp", call.Protocol)
	}
	if keep {
		c.kept[key] = l
	}
	return l, nil
}

// repeat makes a call as often as it says.
func repeat(ctx context.Context, l line, c Call) *tally {
	t := &tally{}
	var pace <-chan time.Time
	if c.Rate > 0 {
		ticker := time.NewTicker(time.Duration(float64(time.Second) / c.Rate))
		defer ticker.Stop()
		pace = ticker.C
	}
	slots := make(chan struct{}, c.Concurrency)
	var group sync.WaitGroup
	for i := range c.Count {
		if pace != nil && i > 0 {
			<-pace
		}
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			t.add(askOnce(ctx, l, c))
		})
	}
	group.Wait()
	return t
}

func askOnce(ctx context.Context, l line, c Call) reply {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	began := time.Now()
	r := l.ask(ctx, c)
	r.took = time.Since(began)
	return r
}
