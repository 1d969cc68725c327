package table

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/weft-mesh/weft/test/compatibility/server"
	"github.com/weft-mesh/weft/test/compatibility/wire"
)

func itoa(n int) string { return strconv.Itoa(n) }

// digest is a short body as it is, and a long one by its length and hash.
func digest(body []byte) string {
	if len(body) <= 40 {
		return strconv.Quote(string(body))
	}
	sum := sha256.Sum256(body)
	return fmt.Sprintf("%d bytes %s", len(body), hex.EncodeToString(sum[:4]))
}

func body(r *reply) string { return digest(r.last().Body) }

func reason(r *reply) string { return "reason=" + r.last().Part(2) }

// field is the values of a header of the final answer.
func field(name string) view {
	return func(r *reply) string { return values(name, r.last().Header) }
}

// hint is the values of a header of the first answer, which may be an interim one.
func hint(name string) view {
	return func(r *reply) string { return values(name, r.answers[0].Header) }
}

func values(name string, f wire.Fields) string { return name + "=" + strings.Join(f.All(name), "|") }

// count is how often a header's name is there.
func count(name string) view {
	return func(r *reply) string { return fmt.Sprintf("%d of %s", len(r.last().Header.All(name)), name) }
}

// size is how long a header is.
func size(name string) view {
	return func(r *reply) string {
		return fmt.Sprintf("%s of %d bytes", name, len(strings.Join(r.last().Header.All(name), "")))
	}
}

// spelt is a header's name as it was written.
func spelt(name string) view {
	return func(r *reply) string { return "spelt " + spelling(name, r.last().Header) }
}

func spelling(name string, f wire.Fields) string {
	for _, field := range f {
		if strings.EqualFold(field.Name, name) {
			return field.Name
		}
	}
	return "not there"
}

func trailers(r *reply) string { return "trailers " + list(r.last().Trailer) }

func list(f wire.Fields) string {
	var all []string
	for _, field := range f {
		all = append(all, strings.ToLower(field.Name)+"="+field.Value)
	}
	sort.Strings(all)
	return "(" + strings.Join(all, " ") + ")"
}

// end waits a moment to see whether the server's side closes the connection.
func end(r *reply) string {
	if r.end != "" {
		return "then " + r.end
	}
	_ = r.conn.SetReadDeadline(time.Now().Add(time.Second))
	more, err := io.ReadAll(r.rest)
	if len(more) > 0 {
		return fmt.Sprintf("then %d bytes more", len(more))
	}
	return "then " + wire.End(err)
}

// tail sends bytes after an answer that opens a way for them, and gives what comes back of as many.
func tail(text string) view {
	return func(r *reply) string {
		if status := r.last().Part(1); status != "101" && r.method != "CONNECT" || status >= "300" {
			return "and no way opened"
		}
		_ = r.conn.SetDeadline(time.Now().Add(patience))
		if _, err := io.WriteString(r.conn, text); err != nil {
			return "then " + wire.End(err)
		}
		back := make([]byte, len(text))
		n, err := io.ReadFull(r.rest, back)
		if err != nil {
			return fmt.Sprintf("then %q %s", back[:n], wire.End(err))
		}
		return fmt.Sprintf("then %q", back)
	}
}

// seen is what the server read of the request, if it echoed it.
func seen(what func(server.Echo) string) view {
	return func(r *reply) string {
		var e server.Echo
		if err := json.Unmarshal(r.last().Body, &e); err != nil {
			return "server: " + digest(r.last().Body)
		}
		return "server: " + what(e)
	}
}

func sawStart(e server.Echo) string { return e.Start }

func sawBody(e server.Echo) string { return fmt.Sprintf("%d bytes", e.Body) }

func sawTrailers(e server.Echo) string { return "trailers " + list(e.Trailer) }

func sawField(name string) func(server.Echo) string {
	return func(e server.Echo) string { return values(name, e.Header) }
}

func sawCount(name string) func(server.Echo) string {
	return func(e server.Echo) string { return fmt.Sprintf("%d of %s", len(e.Header.All(name)), name) }
}

func sawSize(name string) func(server.Echo) string {
	return func(e server.Echo) string {
		return fmt.Sprintf("%s of %d bytes", name, len(strings.Join(e.Header.All(name), "")))
	}
}

func sawSpelling(name string) func(server.Echo) string {
	return func(e server.Echo) string { return spelling(name, e.Header) }
}

func sawLength(e server.Echo) string { return fmt.Sprintf("%d bytes of start line", len(e.Start)) }
