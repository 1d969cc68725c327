package table

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/weft-mesh/weft/test/compatibility/server"
)

// Case is a row.
type Case struct {
	// Name is unique, and says what is tried.
	Name string
	// From are the public reports that it comes from, as in "istio#9332, envoy#8564".
	From string
	// Do does it and says what was seen.
	Do func(context.Context, Target) string
	// Answer is what the HTTP/1.1 server does when it is asked for the case's path.
	Answer *server.Answer
	// Want is what is seen without a mesh.
	Want string
	// Mesh is how a mesh may differ.
	Mesh *Difference
	// Slow has the case run beside all others, as it waits more than it works.
	Slow bool
	// Group has the case run when it is asked for alone; it needs what not every cluster of the suite has.
	Group Group
}

// Difference is what is seen in the mesh where it is not the same, and why that is so.
type Difference struct{ Want, Why string }

// Group is a kind of cases that run apart.
type Group string

// The groups.
const (
	Messages Group = ""       // one client, one server
	Steady   Group = "steady" // long calls, while other things change
	Mixed    Group = "mixed"  // Services that are more than meshed pods
	Self     Group = "self"   // the server's pod is the client too
	Heavy    Group = "heavy"  // much data: how fast, and at what cost of memory
)

// Judge compares what was seen with what the row says. It returns "" if that is as it should be.
func (c Case) Judge(mesh bool, saw string) string {
	want := c.Want
	if mesh && c.Mesh != nil {
		want = c.Mesh.Want
	}
	if saw == want {
		return ""
	}
	return fmt.Sprintf("want %s\n saw %s", want, saw)
}

// path is where the HTTP/1.1 server does what a case of this name says.
func path(name string) string { return "/" + slug(name) }

func slug(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name)
}

// Target is where a client finds its servers.
type Target struct {
	// Suffix is that of the Services' names, one for each address family.
	Suffix string
	// Host is in the place of every Service's name, for tests over loopback.
	Host string
	// Hurry divides the waits of slow cases, for tests over loopback.
	Hurry int
}

// Address is where a port of a Service is reached.
func (t Target) Address(service string, port int) string {
	if t.Host != "" {
		return net.JoinHostPort(t.Host, strconv.Itoa(port))
	}
	return net.JoinHostPort(service+t.Suffix, strconv.Itoa(port))
}

// App is where a port of the usual Service is reached.
func (t Target) App(port int) string { return t.Address("app", port) }

// Wait is how long a slow case waits.
func (t Target) Wait(d time.Duration) time.Duration {
	if t.Hurry > 0 {
		return d / time.Duration(t.Hurry)
	}
	return d
}

// All are the rows of all tables.
func All() []Case {
	var all []Case
	for _, rows := range []func() []Case{
		requests, answers, paths, upgrades, bodies, reuse, odd, http2Cases, grpcCases, tcpCases, udpCases,
		selfCases, mixedCases, steadyCases, heavyCases,
	} {
		all = append(all, rows()...)
	}
	return all
}

// Answers are what the HTTP/1.1 server of a process must know to serve the rows.
func Answers(cases []Case) map[string]server.Answer {
	all := map[string]server.Answer{}
	for _, c := range cases {
		if c.Answer != nil {
			all[slug(c.Name)] = *c.Answer
		}
	}
	addOddAnswers(all)
	return all
}
