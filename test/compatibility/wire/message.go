package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Field is a line of a header or trailer.
type Field struct{ Name, Value string }

// Fields are lines in the order in which they came.
type Fields []Field

// All are the values of a name, whatever its case.
func (f Fields) All(name string) []string {
	var all []string
	for _, field := range f {
		if strings.EqualFold(field.Name, name) {
			all = append(all, field.Value)
		}
	}
	return all
}

// Has tells whether one of the comma-separated values of a name is the token, whatever its case.
func (f Fields) Has(name, token string) bool {
	for _, value := range f.All(name) {
		for part := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}

// Message is a request or an answer.
type Message struct {
	Start   string
	Header  Fields
	Body    []byte
	Trailer Fields
}

// Part is the n-th word of the start line: method, target and version, or version, status and reason.
func (m *Message) Part(n int) string {
	parts := strings.SplitN(m.Start, " ", 3)
	if n >= len(parts) {
		return ""
	}
	return parts[n]
}

// ReadHead reads a start line and a header. Empty lines before it are skipped, and a lone LF ends a line.
func ReadHead(r *bufio.Reader) (*Message, error) {
	m := &Message{}
	for m.Start == "" {
		line, err := readLine(r)
		if err != nil {
			return nil, err
		}
		m.Start = line
	}
	var err error
	m.Header, err = readFields(r)
	return m, err
}

// ReadRequestBody reads the body and the trailers of a request.
func (m *Message) ReadRequestBody(r *bufio.Reader) error {
	if m.Header.Has("Transfer-Encoding", "chunked") {
		return m.readChunks(r)
	}
	return m.readLength(r, 0)
}

// ReadAnswerBody reads the body and the trailers of the answer to a request of a method.
func (m *Message) ReadAnswerBody(r *bufio.Reader, method string) error {
	status, _ := strconv.Atoi(m.Part(1))
	switch {
	case method == "HEAD", status < 200, status == 204, status == 304, method == "CONNECT" && status < 300:
		return nil
	case m.Header.Has("Transfer-Encoding", "chunked"):
		return m.readChunks(r)
	}
	return m.readLength(r, -1)
}

// readLength reads as many bytes as Content-Length says. Without one the body has `unsaid` bytes, or where that is
// negative ends with the connection.
func (m *Message) readLength(r *bufio.Reader, unsaid int) error {
	n := unsaid
	if all := m.Header.All("Content-Length"); len(all) > 0 {
		var err error
		if n, err = strconv.Atoi(all[0]); err != nil || n < 0 {
			return fmt.Errorf("content-length %q is no number", all[0])
		}
	}
	var err error
	if n < 0 {
		m.Body, err = io.ReadAll(r)
		return err
	}
	m.Body, err = io.ReadAll(io.LimitReader(r, int64(n)))
	if err == nil && len(m.Body) < n {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func (m *Message) readChunks(r *bufio.Reader) error {
	for {
		line, err := readLine(r)
		if err != nil {
			return unexpected(err)
		}
		size, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseUint(strings.TrimSpace(size), 16, 31)
		if err != nil {
			return fmt.Errorf("chunk size %q: %w", line, err)
		}
		if n == 0 {
			m.Trailer, err = readFields(r)
			return unexpected(err)
		}
		chunk := make([]byte, n)
		if _, err := io.ReadFull(r, chunk); err != nil {
			return unexpected(err)
		}
		m.Body = append(m.Body, chunk...)
		if end, err := readLine(r); err != nil || end != "" {
			return errors.Join(fmt.Errorf("a chunk ends in %q", end), err)
		}
	}
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func readFields(r *bufio.Reader) (Fields, error) {
	var fields Fields
	for {
		line, err := readLine(r)
		if err != nil {
			return fields, unexpected(err)
		}
		if line == "" {
			return fields, nil
		}
		name, value, _ := strings.Cut(line, ":")
		fields = append(fields, Field{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
}

func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}
