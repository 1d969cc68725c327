package wire

import (
	"bufio"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMessagesAreReadAsTheyAre(t *testing.T) {
	tests := map[string]struct {
		text string
		want Message
		rest string
		bad  bool
	}{
		"length": {
			text: "POST /a//b HTTP/1.1\r\nX-a: 1\r\nx-A:2\r\nContent-Length: 2\r\n\r\nokGET",
			want: Message{Start: "POST /a//b HTTP/1.1", Header: Fields{{"X-a", "1"}, {"x-A", "2"}, {"Content-Length", "2"}}, Body: []byte("ok")},
			rest: "GET",
		},
		"chunks with extensions, and trailers": {
			text: "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nX-Sum: 1\r\n\r\nGET",
			want: Message{Start: "POST / HTTP/1.1", Header: Fields{{"Transfer-Encoding", "chunked"}}, Body: []byte("ok"), Trailer: Fields{{"X-Sum", "1"}}},
			rest: "GET",
		},
		"lone LF, and an empty line before": {
			text: "\r\nGET / HTTP/1.0\nA: b\n\n",
			want: Message{Start: "GET / HTTP/1.0", Header: Fields{{"A", "b"}}, Body: []byte{}},
		},
		"a body that is cut":   {text: "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nok", bad: true},
		"chunks that are cut":  {text: "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok", bad: true},
		"no end of the header": {text: "GET / HTTP/1.1\r\nA: b\r\n", bad: true},
		"a chunk that is too long": {
			text: "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n", bad: true,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := bufio.NewReader(strings.NewReader(tc.text))
			m, err := ReadHead(r)
			if err == nil {
				err = m.ReadRequestBody(r)
			}
			if (err != nil) != tc.bad {
				t.Fatalf("error %v, want one: %v", err, tc.bad)
			}
			if tc.bad {
				return
			}
			if diff := cmp.Diff(&tc.want, m); diff != "" {
				t.Error(diff)
			}
			rest, _ := r.Peek(r.Buffered())
			if string(rest) != tc.rest {
				t.Errorf("left %q, want %q", rest, tc.rest)
			}
		})
	}
}

func TestAnswersEndWhereTheyShould(t *testing.T) {
	tests := map[string]struct{ text, method, body string }{
		"until the end":       {"HTTP/1.1 200 OK\r\n\r\nall of it", "GET", "all of it"},
		"HEAD has no body":    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nnext!", "HEAD", ""},
		"204 has no body":     {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nnext!", "GET", ""},
		"304 has no body":     {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nnext!", "GET", ""},
		"as the header says":  {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more", "GET", "ok"},
		"a status of its own": {"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok", "GET", "ok"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := bufio.NewReader(strings.NewReader(tc.text))
			m, err := ReadHead(r)
			if err == nil {
				err = m.ReadAnswerBody(r, tc.method)
			}
			if err != nil || string(m.Body) != tc.body {
				t.Errorf("body %q, %v; want %q", m.Body, err, tc.body)
			}
		})
	}
}
