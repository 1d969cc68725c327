package traffic

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
)

// Caller calls one address over connections that it keeps open.
type Caller struct {
	client *http.Client
	base   string
	dials  atomic.Int64
}

// NewCaller returns a caller of an address, as in "127.0.0.1:8080".
func NewCaller(address string) *Caller {
	c := &Caller{base: "http://" + address}
	var dialer net.Dialer
	c.client = &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				c.dials.Add(1)
				return dialer.DialContext(ctx, network, address)
			},
			DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// Dials is how many connections the caller has opened.
func (c *Caller) Dials() int { return int(c.dials.Load()) }

// Close ends the connections that the caller holds open.
func (c *Caller) Close() { c.client.CloseIdleConnections() }

// Call is a request; the zero value is GET / without headers.
type Call struct {
	Method  string
	Path    string
	Host    string
	Headers map[string]string
}

// Answer is a response that has been read whole.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Do makes a call.
func (c *Caller) Do(ctx context.Context, call Call) (Answer, error) {
	if call.Path == "" {
		call.Path = "/"
	}
	request, err := http.NewRequestWithContext(ctx, call.Method, c.base+call.Path, nil)
	if err != nil {
		return Answer{}, fmt.Errorf("make a request for %s: %w", call.Path, err)
	}
	request.Host = call.Host
	for name, value := range call.Headers {
		request.Header.Set(name, value)
	}
	response, err := c.client.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("read the answer to %s: %w", call.Path, err)
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: string(body)}, nil
}

// Counts holds how many calls had each outcome.
type Counts map[string]int

// Count makes n calls, one after the other, and counts them by what name makes of the answer. A call without an
// answer counts as "error: …".
func (c *Caller) Count(ctx context.Context, n int, call Call, name func(Answer) string) Counts {
	counts := Counts{}
	for range n {
		answer, err := c.Do(ctx, call)
		if err != nil {
			counts["error: "+err.Error()]++
			continue
		}
		counts[name(answer)]++
	}
	return counts
}
