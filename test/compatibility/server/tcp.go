package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// greet speaks first and then sends back what it reads.
func greet(c *net.TCPConn) {
	_, _ = io.WriteString(c, "hello\n")
	_, _ = io.Copy(c, c)
}

// obey does as the first line says: a word and an argument.
func obey(c *net.TCPConn) {
	r := bufio.NewReader(c)
	line, err := r.ReadString('\n')
	if err != nil {
		return
	}
	word, argument, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch word {
	case "echo":
		_, _ = io.Copy(c, r)
	case "late": // reads to the end, and answers so long after
		n, _ := io.Copy(io.Discard, r)
		time.Sleep(duration(argument))
		fmt.Fprintf(c, "read %d", n)
	case "sink": // reads slowly, so much later, and counts
		time.Sleep(duration(argument))
		n, _ := io.Copy(io.Discard, r)
		fmt.Fprintf(c, "read %d", n)
	case "first": // ends its own half first, and counts what comes after that
		_, _ = io.WriteString(c, "bye")
		_ = c.CloseWrite()
		_, _ = io.Copy(io.Discard, r)
	case "reset":
		_, _ = io.WriteString(c, "x")
		time.Sleep(300 * time.Millisecond) // what is on its way when a connection is reset is lost
		_ = c.SetLinger(0)
	case "flood":
		mib, _ := strconv.Atoi(argument)
		_ = zeros(c, mib)
	case "who":
		host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
		_, _ = io.WriteString(c, host)
	}
}
