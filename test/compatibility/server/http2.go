package server

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/weft-mesh/weft/test/compatibility/wire"
)

// serveHTTP2 serves HTTP/2 with prior knowledge, so many streams at a time (0: as many as Go takes), and HTTP/1.1
// beside it or not.
func serveHTTP2(streams int, http1 bool) func(net.Listener) error {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	protocols.SetHTTP1(http1)
	s := &http.Server{
		Protocols: protocols, HTTP2: &http.HTTP2Config{MaxConcurrentStreams: streams},
		Handler: http.HandlerFunc(handle), MaxHeaderBytes: 256 << 10,
	}
	return s.Serve
}

// handle does as the HTTP/1.1 server's built-in paths.
func handle(w http.ResponseWriter, r *http.Request) {
	name, argument := route(r.RequestURI)
	switch name {
	case "drip":
		dripFlush(w, duration(argument))
		return
	case "wait":
		time.Sleep(duration(argument))
	case "trailers":
		w.Header().Set(http.TrailerPrefix+"X-Sum", "abc123")
	}
	n, _ := io.Copy(io.Discard, r.Body)
	echo := Echo{Start: strings.Join([]string{r.Method, r.RequestURI, r.Proto}, " "), Header: fields(r.Header), Body: int(n), Trailer: fields(r.Trailer), Remote: r.RemoteAddr}
	_ = json.NewEncoder(w).Encode(echo)
}

func dripFlush(w http.ResponseWriter, long time.Duration) {
	for end := time.Now().Add(long); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if _, err := io.WriteString(w, "."); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
	}
}

func fields(h http.Header) wire.Fields {
	var all wire.Fields
	for name, values := range h {
		for _, value := range values {
			all = append(all, wire.Field{Name: name, Value: value})
		}
	}
	slices.SortFunc(all, func(a, b wire.Field) int { return strings.Compare(a.Name+a.Value, b.Name+b.Value) })
	return all
}
