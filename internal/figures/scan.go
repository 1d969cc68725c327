package figures

import (
	"bytes"
	"math"
	"strconv"
)

// line is one line of Prometheus text, undecoded: name{labels} value.
type line struct {
	name, labels []byte
	value        uint64
}

// parseLine reads one; not ok for what has no labels in braces or no whole,
// non-negative number. Envoy writes braces always, and no timestamps.
func parseLine(text []byte) (l line, ok bool) {
	open := bytes.IndexByte(text, '{')
	end := bytes.LastIndexByte(text, '}')
	if open <= 0 || end < open {
		return line{}, false
	}
	value, ok := parseValue(bytes.TrimSpace(text[end+1:]))
	return line{name: text[:open], labels: text[open+1 : end], value: value}, ok
}

// maxValue is the greatest count that a float holds exactly.
const maxValue = 1 << 53

func parseValue(text []byte) (uint64, bool) {
	var n uint64
	for _, c := range text {
		if c < '0' || c > '9' || n >= maxValue {
			return parseFloat(text)
		}
		n = n*10 + uint64(c-'0')
	}
	return n, len(text) > 0 && n <= maxValue
}

func parseFloat(text []byte) (uint64, bool) {
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(f >= 0 && f <= maxValue) || f != math.Trunc(f) {
		return 0, false
	}
	return uint64(f), true
}

// eachLabel calls f with every label until it says false; not ok where the text
// is none.
func eachLabel(labels []byte, f func(name []byte, value string) bool) bool {
	for len(labels) > 0 {
		equals := bytes.IndexByte(labels, '=')
		if equals <= 0 || len(labels) < equals+2 || labels[equals+1] != '"' {
			return false
		}
		name, rest := labels[:equals], labels[equals+2:]
		end := quoteEnd(rest)
		if end < 0 || !f(name, unescape(rest[:end])) {
			return false
		}
		labels = rest[end+1:]
		if len(labels) > 0 && labels[0] == ',' {
			labels = labels[1:]
		} else if len(labels) > 0 {
			return false
		}
	}
	return true
}

// quoteEnd is where the value's closing quote is.
func quoteEnd(text []byte) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

func unescape(text []byte) string {
	if bytes.IndexByte(text, '\\') < 0 {
		return string(text)
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
			if text[i] == 'n' {
				out = append(out, '\n')
				continue
			}
		}
		out = append(out, text[i])
	}
	return string(out)
}

var leStart = []byte(`le="`)

// cutBound splits the label le, which Envoy writes last, from the others. It
// gives the bucket's index.
func cutBound(labels []byte) (rest []byte, bucket int, ok bool) {
	at := bytes.LastIndex(labels, leStart)
	if at < 0 || len(labels) == at+len(leStart) || labels[len(labels)-1] != '"' || (at > 0 && labels[at-1] != ',') {
		return nil, 0, false
	}
	bucket, ok = bucketOf[string(labels[at+len(leStart):len(labels)-1])]
	return labels[:at], bucket, ok
}

// bucketOf is a bucket's index by its bound as Envoy writes it.
var bucketOf = func() map[string]int {
	m := map[string]int{"+Inf": len(bounds)}
	for i, b := range bounds {
		m[strconv.FormatFloat(b, 'f', -1, 64)] = i
	}
	return m
}()
