package table

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"time"

	"github.com/weft-mesh/weft/test/compatibility/server"
	"github.com/weft-mesh/weft/test/compatibility/wire"
)

// patience is how long an answer may take before it is said to be missing.
const patience = 10 * time.Second

// exchange is a connection that a client opens, what it sends there as bytes, and what it looks at.
type exchange struct {
	service string // "app" unless said
	port    int    // PortHTTP unless said
	send    string
	later   string        // sent after a pause
	pause   time.Duration // before later is sent
	half    bool          // the client closes its half after it has sent
	answers int           // how many answers there are: 1 unless said
	see     []view
}

// reply is what came back.
type reply struct {
	method  string          // of the first request
	answers []*wire.Message // interim ones too
	end     string          // how the reading ended: see wire.End; "" while nothing went wrong
	conn    *net.TCPConn
	rest    *bufio.Reader
}

// view is something that a client looks at in a reply.
type view func(*reply) string

func (x exchange) do(ctx context.Context, t Target) string {
	if x.service == "" {
		x.service = "app"
	}
	if x.port == 0 {
		x.port = server.PortHTTP
	}
	if x.answers == 0 {
		x.answers = 1
	}
	c, err := wire.Dial(ctx, t.Address(x.service, x.port))
	if err != nil {
		return wire.End(err)
	}
	defer func() { _ = c.Close() }()
	go x.write(c)
	r := x.read(c)
	return r.describe(x.see)
}

// write sends all. What the peer does not take shows in what is read.
func (x exchange) write(c *net.TCPConn) {
	_, err := io.WriteString(c, x.send)
	if x.later != "" && err == nil {
		time.Sleep(x.pause)
		_, err = io.WriteString(c, x.later)
	}
	if x.half && err == nil {
		_ = c.CloseWrite()
	}
}

func (x exchange) read(c *net.TCPConn) *reply {
	method, _, _ := strings.Cut(x.send, " ")
	r := &reply{method: method, conn: c, rest: bufio.NewReaderSize(c, 1<<20)}
	for final := 0; final < x.answers; {
		_ = c.SetReadDeadline(time.Now().Add(patience))
		m, err := wire.ReadHead(r.rest)
		if err == nil {
			err = m.ReadAnswerBody(r.rest, method)
			r.answers = append(r.answers, m)
			if status := m.Part(1); len(status) != 3 || status[0] != '1' || status == "101" {
				final++
			}
		}
		if err != nil {
			r.end = wire.End(err)
			return r
		}
	}
	return r
}

// describe is the statuses of all answers, how the reading ended if that was before its time, and the views.
func (r *reply) describe(see []view) string {
	var words []string
	for _, m := range r.answers {
		words = append(words, m.Part(1))
	}
	if r.end != "" {
		words = append(words, r.end)
	}
	if len(r.answers) == 0 {
		return strings.Join(words, " ")
	}
	for _, v := range see {
		words = append(words, v(r))
	}
	return strings.Join(words, " ")
}

// last is the final answer.
func (r *reply) last() *wire.Message { return r.answers[len(r.answers)-1] }

// request is a request's bytes: its start line, a Host, headers, and a body whose length is said.
func request(start, body string, header ...string) string {
	return head(start+" HTTP/1.1", append([]string{"Host: app"}, withLength(body, header)...)...) + body
}

func get(target string, header ...string) string { return request("GET "+target, "", header...) }

// ok is an answer of status 200 with a body whose length is said.
func ok(body string, header ...string) string {
	return head("HTTP/1.1 200 OK", withLength(body, header)...) + body
}

func withLength(body string, header []string) []string {
	if body == "" {
		return header
	}
	return append(header, "Content-Length: "+itoa(len(body)))
}

func head(lines string, header ...string) string {
	var b bytes.Buffer
	b.WriteString(lines + "\r\n")
	for _, h := range header {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n")
	return b.String()
}
