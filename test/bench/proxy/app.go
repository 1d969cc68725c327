package main

import (
	"bufio"
	"bytes"
	"net"
	"strconv"
	"strings"
)

// answerSize is that of all answers.
const answerSize = 1024

// serveApp answers every HTTP/1.1 request on a listener with the same: 1 KiB,
// which begins with the application's name. It does no more, for it has a share
// of the CPU that requests are counted by. It ends with the listener.
func serveApp(l net.Listener, name string) {
	body := append([]byte(name+"\n"), bytes.Repeat([]byte{'x'}, answerSize-len(name)-1)...)
	answer := append([]byte("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: "+strconv.Itoa(len(body))+"\r\n\r\n"), body...)
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go answerAll(c, answer)
	}
}

// answerAll takes requests without a body.
func answerAll(c net.Conn, answer []byte) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return
		}
		if len(bytes.TrimRight(line, "\r\n")) > 0 {
			continue
		}
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}

// appOf is the application that gave an answer.
func appOf(body []byte) string {
	name, _, _ := strings.Cut(string(body), "\n")
	return name
}
