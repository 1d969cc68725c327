package table

import (
	"bytes"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// frames writes the frames of one HTTP/2 connection.
type frames struct {
	bytes.Buffer
	*http2.Framer
}

// newFrames begins with the preface and empty settings.
func newFrames() *frames {
	f := &frames{}
	f.WriteString(http2.ClientPreface)
	f.Framer = http2.NewFramer(&f.Buffer, nil)
	f.AllowIllegalWrites = true
	must(f.WriteSettings())
	return f
}

// must has no error to tell of: the frames are written to memory.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// block is a header as HPACK has it: pairs of name and value.
func block(pairs ...string) []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for i := 0; i+1 < len(pairs); i += 2 {
		must(e.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]}))
	}
	return b.Bytes()
}

func pseudo(more ...string) []string {
	return append([]string{":method", "GET", ":scheme", "http", ":authority", "app", ":path", "/x"}, more...)
}

// oddFrames are connections of HTTP/2, as bytes, that send what HTTP/2 does not allow, or seldom has.
func oddFrames() []string {
	var all []string
	for _, pairs := range oddBlocks() {
		f := newFrames()
		must(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block(pairs...), EndStream: true, EndHeaders: true}))
		all = append(all, f.String())
	}
	for _, do := range oddSequences() {
		f := newFrames()
		do(f)
		all = append(all, f.String())
	}
	return append(all, http2.ClientPreface, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+strings.Repeat("\xff", 64), "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")
}

func oddBlocks() [][]string {
	return [][]string{
		pseudo("X-Upper", "b"), pseudo("connection", "close"), pseudo("transfer-encoding", "chunked"), pseudo("te", "gzip"), pseudo("upgrade", "h2c"),
		pseudo("keep-alive", "x"), pseudo("proxy-connection", "x"), pseudo("host", "other"), pseudo("host", ""), pseudo("content-length", "5"), pseudo("content-length", "x"),
		pseudo("x-a", "\x00"), pseudo("x-a", "a\r\nb: c"), pseudo("x-a\x00", "b"), pseudo("", "b"), pseudo("x a", "b"), pseudo(":path", "/y"), pseudo(":status", "200"),
		pseudo("x-a", strings.Repeat("a", 10<<10)), pseudo("cookie", "a=b", "cookie", "c=d"), pseudo("x-\xc3\xa9", "b"), pseudo(":unknown", "x"),
		{":method", "GET", ":scheme", "http", ":authority", "", ":path", "/x"},
		{":method", "GET", ":scheme", "http", ":authority", "u@app", ":path", "/x"},
		{":method", "GET", ":scheme", "http", ":path", "/x"},
		{":method", "GET", ":scheme", "http", ":authority", "app"},
		{":method", "GET", ":scheme", "http", ":authority", "app", ":path", ""},
		{":method", "GET", ":scheme", "", ":authority", "app", ":path", "/x"},
		{":method", "", ":scheme", "http", ":authority", "app", ":path", "/x"},
		{":method", "G T", ":scheme", "http", ":authority", "app", ":path", "/x"},
		{":method", "GET", ":scheme", "ftp", ":authority", "app", ":path", "/x"},
		{":method", "GET", ":scheme", "http", ":authority", "a b", ":path", "/x"},
		{":method", "GET", ":scheme", "http", ":authority", "app:99999", ":path", "/x"},
		{":method", "GET", ":scheme", "http", ":authority", "app", ":path", "x"},
		{":method", "GET", ":scheme", "http", ":authority", "app", ":path", "/a b#c"},
		{":method", "GET", ":scheme", "http", ":authority", "app", ":path", "/\x00"},
		{":method", "CONNECT", ":authority", "app:80"},
		{"x-a", "b", ":method", "GET"},
		{":method", "CONNECT", ":protocol", "websocket", ":scheme", "http", ":authority", "app", ":path", "/x"},
		{":method", "CONNECT", ":protocol", "odd", ":scheme", "http", ":authority", "app", ":path", "/x"},
		{},
	}
}

// request opens a stream, and ends it or not.
func (f *frames) request(id uint32, end bool) {
	must(f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block(pseudo()...), EndStream: end, EndHeaders: true}))
}

// oddSequences are frames in an order, of a size or for a stream that is not right.
func oddSequences() []func(*frames) { return append(oddSingles(), oddFloods()...) }

func oddSingles() []func(*frames) {
	return []func(*frames){
		func(f *frames) { f.request(2, true) },
		func(f *frames) { f.request(0, true) },
		func(f *frames) { f.request(3, true); f.request(1, true) },
		func(f *frames) { f.request(1, true); f.request(1, true) },
		func(f *frames) { f.request(1, true); must(f.WriteData(1, true, []byte("late"))) },
		func(f *frames) { f.request(1, false); must(f.WriteRSTStream(1, http2.ErrCodeCancel)) },
		func(f *frames) { must(f.WriteData(1, true, []byte("idle"))) },
		func(f *frames) { must(f.WriteWindowUpdate(0, 0)) },
		func(f *frames) { f.request(1, false); must(f.WriteWindowUpdate(1, 0)) },
		func(f *frames) { must(f.WriteWindowUpdate(0, 1<<31-1)) },
		func(f *frames) {
			must(f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 31}))
		},
		func(f *frames) { must(f.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1})) },
		func(f *frames) {
			must(f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}))
			f.request(1, true)
		},
		func(f *frames) { must(f.WriteRSTStream(1, http2.ErrCodeNo)) },
		func(f *frames) { must(f.WriteGoAway(0, http2.ErrCodeNo, nil)); f.request(1, true) },
		func(f *frames) {
			must(f.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, BlockFragment: block(pseudo()...), EndHeaders: true}))
		},
		func(f *frames) { must(f.WriteContinuation(1, true, block(pseudo()...))) },
		func(f *frames) {
			must(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block(pseudo()...)}))
			must(f.WritePing(false, [8]byte{}))
		},
		func(f *frames) {
			must(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block(pseudo()...)}))
			for range 200 {
				must(f.WriteContinuation(1, false, block("x-a", strings.Repeat("a", 1000))))
			}
		},
		func(f *frames) { must(f.WriteRawFrame(0x42, 0xff, 1, []byte("unknown"))); f.request(1, true) },
		func(f *frames) {
			must(f.WriteRawFrame(http2.FrameHeaders, http2.FlagHeadersEndHeaders|http2.FlagHeadersEndStream, 1, []byte("\xff\xff\xff\xff\xff")))
		},
		func(f *frames) { must(f.WritePriority(1, http2.PriorityParam{StreamDep: 1})); f.request(1, true) },
	}
}

// oddFloods are many frames of a kind.
func oddFloods() []func(*frames) {
	return []func(*frames){
		func(f *frames) {
			for range 500 {
				must(f.WritePing(false, [8]byte{}))
			}
		},
		func(f *frames) {
			for i := range uint32(500) {
				f.request(2*i+1, true)
				must(f.WriteRSTStream(2*i+1, http2.ErrCodeCancel))
			}
		},
		func(f *frames) {
			for range 500 {
				must(f.WriteSettings())
			}
		},
		func(f *frames) {
			f.request(1, false)
			for range 500 {
				must(f.WriteData(1, false, nil))
			}
		},
		func(f *frames) {
			f.request(1, false)
			must(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block("x-sum", "1"), EndHeaders: true}))
		},
		func(f *frames) {
			f.request(1, false)
			must(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block(":path", "/", "connection", "x"), EndHeaders: true, EndStream: true}))
		},
	}
}
