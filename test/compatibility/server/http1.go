package server

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/weft-mesh/weft/test/compatibility/wire"
)

// Answer is what the HTTP/1.1 server does with a request.
type Answer struct {
	// Bytes are written as they are.
	Bytes string
	// Early has them written before the body of the request is read.
	Early bool
	// Close ends the connection after them, whether or not they say so.
	Close bool
	// Linger has what the client still sends read before the end, as careful servers do.
	Linger bool
	// Reset ends the connection by a reset.
	Reset bool
	// Upgrade has every byte after the answer sent back.
	Upgrade bool
}

// Echo is what the server read, as the body of its answer says it.
type Echo struct {
	Start   string
	Header  wire.Fields
	Body    int
	Trailer wire.Fields
	Remote  string
}

// serveHTTP1 answers requests of one connection, one after the other.
func (s *Server) serveHTTP1(c *net.TCPConn) {
	r := bufio.NewReaderSize(c, 64<<10)
	for {
		request, err := wire.ReadHead(r)
		if err != nil || request.Part(2) == "" {
			return
		}
		name, argument := route(request.Part(1))
		answer, scripted := s.answer(request, name)
		if name == "late" { // an application that does not read for a while
			time.Sleep(duration(argument))
		}
		if request.Header.Has("Expect", "100-continue") && !answer.Early {
			_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		}
		if !answer.Early {
			if err := request.ReadRequestBody(r); err != nil {
				return
			}
		}
		if !scripted {
			answer = Answer{Close: request.Header.Has("Connection", "close") || request.Part(2) == "HTTP/1.0"}
			if err := builtIn(c, name, argument, request, c.RemoteAddr()); err != nil || answer.Close {
				return
			}
			continue
		}
		if !s.act(c, r, answer) {
			return
		}
	}
}

// answer is what is to be done by the name of a path. Nobody changes the protocol who was not asked to.
func (s *Server) answer(request *wire.Message, name string) (Answer, bool) {
	connect := request.Part(0) == "CONNECT"
	if connect {
		name = "connect"
	}
	a, ok := s.Answers[name]
	if a.Upgrade && !connect && len(request.Header.All("Upgrade")) == 0 {
		return Answer{}, false
	}
	return a, ok
}

// route is the first part of a path, and the second.
func route(target string) (name, argument string) {
	path, _, _ := strings.Cut(strings.TrimPrefix(target, "/"), "?")
	name, argument, _ = strings.Cut(path, "/")
	return name, argument
}

func duration(text string) time.Duration {
	d, _ := time.ParseDuration(text)
	return d
}

// act does as an answer says, and tells whether the connection goes on.
func (s *Server) act(c *net.TCPConn, r *bufio.Reader, a Answer) bool {
	if _, err := io.WriteString(c, a.Bytes); err != nil {
		return false
	}
	if a.Upgrade {
		_, _ = io.Copy(c, r)
		return false
	}
	if a.Linger {
		_ = c.CloseWrite()
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, _ = io.Copy(io.Discard, r)
	}
	if a.Reset {
		_ = c.SetLinger(0)
	}
	return !a.Close && !a.Linger && !a.Reset
}

// builtIn answers by the name of a path: flood sends so many MiB, drip a byte each tenth of a second for so long, wait
// answers after so long; all else is an echo.
func builtIn(w io.Writer, name, argument string, request *wire.Message, remote net.Addr) error {
	switch name {
	case "flood":
		return flood(w, argument)
	case "drip":
		return drip(w, duration(argument))
	case "wait":
		time.Sleep(duration(argument))
	}
	body, err := json.Marshal(Echo{request.Start, request.Header, len(request.Body), request.Trailer, remote.String()})
	if err != nil {
		return err
	}
	head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(body))
	if request.Part(0) == "HEAD" {
		body = nil
	}
	_, err = io.WriteString(w, head+string(body))
	return err
}

func flood(w io.Writer, argument string) error {
	mib, err := strconv.Atoi(argument)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", mib<<20); err != nil {
		return err
	}
	return zeros(w, mib)
}

// zeros writes so many MiB.
func zeros(w io.Writer, mib int) error {
	block := make([]byte, 1<<20)
	for range mib {
		if _, err := w.Write(block); err != nil {
			return err
		}
	}
	return nil
}

func drip(w io.Writer, long time.Duration) error {
	if _, err := io.WriteString(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"); err != nil {
		return err
	}
	for end := time.Now().Add(long); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if _, err := io.WriteString(w, "1\r\n.\r\n"); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "0\r\n\r\n")
	return err
}
