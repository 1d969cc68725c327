package table

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/weft-mesh/weft/test/compatibility/server"
)

// newClient is Go's own HTTP client, as most are: it keeps connections, and tries idempotent requests again that met
// the end of one. It speaks HTTP/1.1, or HTTP/2 with prior knowledge.
func newClient(http2 bool, connections int) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetUnencryptedHTTP2(http2)
	transport := &http.Transport{Protocols: protocols, MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true}
	if http2 {
		transport.MaxConnsPerHost = 0
	}
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// ask makes a request and describes the answer: its status, and what the views see of it.
func ask(ctx context.Context, c *http.Client, method, url, body string, header http.Header, see ...answerView) string {
	ctx, cancel := context.WithTimeout(ctx, caseTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	for name, values := range header {
		r.Header[name] = values
	}
	return answered(c, r, see...)
}

// answered makes a request and describes the answer.
func answered(c *http.Client, r *http.Request, see ...answerView) string {
	answer, err := c.Do(r)
	if err != nil {
		return "no answer: " + short(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Sprintf("%d and then %s", answer.StatusCode, short(err))
	}
	words := []string{fmt.Sprint(answer.StatusCode)}
	for _, v := range see {
		words = append(words, v(answer, text))
	}
	return strings.Join(words, " ")
}

// short leaves addresses out of an error, so that alike ones are counted together.
func short(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 {
		return text[i+2:]
	}
	return text
}

// answerView is something that Go's client sees of an answer.
type answerView func(*http.Response, []byte) string

// version is the version of HTTP in which the server was asked.
func version(_ *http.Response, body []byte) string {
	start := strings.Fields(echoed(body).Start)
	return "server: " + start[len(start)-1]
}

func echoed(body []byte) server.Echo {
	e := server.Echo{Start: "no echo"}
	_ = json.Unmarshal(body, &e)
	return e
}

// echoView is what the server read.
func echoView(what func(server.Echo) string) answerView {
	return func(_ *http.Response, body []byte) string { return "server: " + what(echoed(body)) }
}

func answerTrailer(name string) answerView {
	return func(r *http.Response, _ []byte) string { return "trailer " + r.Trailer.Get(name) }
}
