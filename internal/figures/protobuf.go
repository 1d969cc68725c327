package figures

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// Prometheus' protobuf is a tenth of its text on the wire, and costs Envoy less
// to write.
const (
	protobufType   = "application/vnd.google.protobuf"
	acceptProtobuf = protobufType + "; proto=io.prometheus.client.MetricFamily; encoding=delimited, text/plain; q=0.5"
)

// maxMetric bounds one series with all of its buckets.
const maxMetric = 64 << 10

// Fields of io.prometheus.client's messages.
const (
	familyName, familyMetric        = 1, 4
	labelName, labelValue           = 1, 2
	metricLabel, metricGauge        = 1, 2
	metricCounter, metricHistogram  = 3, 7
	numberValue                     = 1
	histogramCount, histogramBucket = 1, 3
	bucketCount, bucketBound        = 1, 2
)

var errProtobuf = errors.New("no protobuf of Prometheus")

// protobuf reads families of metrics as the text that Envoy would have written:
// a line for each counter, gauge and bucket. What is not of weft is left out.
type protobuf struct {
	io.Closer
	limited *io.LimitedReader
	from    *bufio.Reader
	// left is how much of a family is still to come, name what it is called.
	left uint64
	name []byte
	// metric is a series as it came, labels its labels as text, lines what is
	// yet to be read of it.
	metric, labels []byte
	lines          []byte
	line           bytes.Buffer
}

func newProtobuf(body io.ReadCloser) *protobuf {
	limited := &io.LimitedReader{R: body, N: maxBytes}
	return &protobuf{Closer: body, limited: limited, from: bufio.NewReader(limited)}
}

func (p *protobuf) Read(out []byte) (int, error) {
	for len(p.lines) == 0 {
		if err := p.next(); err != nil {
			return 0, err
		}
	}
	n := copy(out, p.lines)
	p.lines = p.lines[n:]
	return n, nil
}

// next reads one field of a family; it ends where no further family begins.
func (p *protobuf) next() error {
	if p.left == 0 {
		var err error
		if p.left, err = p.begin(); err != nil {
			return err
		}
		p.name = p.name[:0]
		return nil
	}
	tag, err := p.varint()
	if err != nil {
		return err
	}
	number, kind := protowire.DecodeTag(tag)
	switch kind {
	case protowire.VarintType:
		_, err := p.varint()
		return err
	case protowire.BytesType:
		size, err := p.varint()
		if err != nil {
			return err
		}
		if size > p.left {
			return errProtobuf
		}
		p.left -= size
		return p.field(number, int(size))
	}
	return errProtobuf
}

// begin reads how long the next family is.
func (p *protobuf) begin() (uint64, error) {
	_, err := p.from.Peek(1)
	switch {
	case errors.Is(err, io.EOF) && p.limited.N == 0:
		return 0, errTooMuch
	case err != nil:
		return 0, err // io.EOF where it is the end
	}
	p.left = math.MaxUint64
	return p.varint()
}

// varint reads a number of the family.
func (p *protobuf) varint() (n uint64, err error) {
	for shift := 0; shift < 64; shift += 7 {
		b, err := p.from.ReadByte()
		if err != nil {
			return 0, whole(err)
		}
		if p.left == 0 {
			return 0, errProtobuf
		}
		p.left--
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n, nil
		}
	}
	return 0, errProtobuf
}

// whole is an error in the midst of something.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// field reads a name or a series, and skips all else.
func (p *protobuf) field(number protowire.Number, size int) error {
	switch {
	case number == familyName && size <= maxText:
		p.name = append(p.name[:0], make([]byte, size)...)
		_, err := io.ReadFull(p.from, p.name)
		return whole(err)
	case number == familyMetric && size <= maxMetric && p.wanted():
		p.metric = append(p.metric[:0], make([]byte, size)...)
		if _, err := io.ReadFull(p.from, p.metric); err != nil {
			return whole(err)
		}
		return p.write()
	}
	_, err := p.from.Discard(size)
	return whole(err)
}

func (p *protobuf) wanted() bool {
	return bytes.HasPrefix(p.name, seriesPrefix) || string(p.name) == uptimeMetric
}

// write makes the lines of a series.
func (p *protobuf) write() error {
	p.line.Reset()
	p.labels = p.labels[:0]
	var value, histogram []byte
	err := eachField(p.metric, func(number protowire.Number, v []byte, _ uint64) error {
		switch number {
		case metricLabel:
			return p.label(v)
		case metricGauge, metricCounter:
			value = v
		case metricHistogram:
			histogram = v
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case histogram != nil:
		err = p.buckets(histogram)
	case value != nil:
		err = p.number(value)
	}
	p.lines = p.line.Bytes()
	return err
}

// label adds name="value" to the labels.
func (p *protobuf) label(text []byte) error {
	var name, value []byte
	err := eachField(text, func(number protowire.Number, v []byte, _ uint64) error {
		switch number {
		case labelName:
			name = v
		case labelValue:
			value = v
		}
		return nil
	})
	if len(p.labels) > 0 {
		p.labels = append(p.labels, ',')
	}
	p.labels = append(append(p.labels, name...), '=', '"')
	for _, c := range value {
		switch c {
		case '\n':
			p.labels = append(p.labels, '\\', 'n')
			continue
		case '\\', '"':
			p.labels = append(p.labels, '\\')
		}
		p.labels = append(p.labels, c)
	}
	p.labels = append(p.labels, '"')
	return err
}

// number writes the line of a counter or a gauge.
func (p *protobuf) number(message []byte) error {
	var value float64
	err := eachField(message, func(number protowire.Number, _ []byte, n uint64) error {
		if number == numberValue {
			value = math.Float64frombits(n)
		}
		return nil
	})
	p.begun("", "")
	p.line.Write(strconv.AppendFloat(p.line.AvailableBuffer(), value, 'f', -1, 64))
	p.line.WriteByte('\n')
	return err
}

// buckets writes the lines of a histogram. The last bucket, which has all, is
// the histogram's own count.
func (p *protobuf) buckets(message []byte) error {
	var all uint64
	err := eachField(message, func(number protowire.Number, v []byte, n uint64) error {
		switch number {
		case histogramCount:
			all = n
		case histogramBucket:
			return p.bucket(v)
		}
		return nil
	})
	p.counted("+Inf", all)
	return err
}

func (p *protobuf) bucket(message []byte) error {
	var count, bound uint64
	err := eachField(message, func(number protowire.Number, _ []byte, n uint64) error {
		switch number {
		case bucketCount:
			count = n
		case bucketBound:
			bound = n
		}
		return nil
	})
	text, known := boundText[bound]
	if f := math.Float64frombits(bound); !known {
		if math.IsInf(f, 0) {
			return err
		}
		text = strconv.FormatFloat(f, 'f', -1, 64)
	}
	p.counted(text, count)
	return err
}

// boundText is how the bounds that are known are written, by their bits. There
// are a thousand to be written for each sidecar.
var boundText = func() map[uint64]string {
	m := map[uint64]string{}
	for text, i := range bucketOf {
		if i < len(bounds) {
			m[math.Float64bits(bounds[i])] = text
		}
	}
	return m
}()

// counted writes the line of a bucket.
func (p *protobuf) counted(bound string, n uint64) {
	p.begun(bucketSuffix, bound)
	p.line.Write(strconv.AppendUint(p.line.AvailableBuffer(), n, 10))
	p.line.WriteByte('\n')
}

// begun writes a line up to its value.
func (p *protobuf) begun(suffix, bound string) {
	p.line.Write(p.name)
	p.line.WriteString(suffix)
	p.line.WriteByte('{')
	p.line.Write(p.labels)
	if bound != "" {
		if len(p.labels) > 0 {
			p.line.WriteByte(',')
		}
		p.line.Write(leStart)
		p.line.WriteString(bound)
		p.line.WriteByte('"')
	}
	p.line.WriteString("} ")
}

// eachField calls f with every field of a message: bytes, or a number.
func eachField(message []byte, f func(number protowire.Number, bytes []byte, n uint64) error) error {
	for len(message) > 0 {
		number, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return errProtobuf
		}
		message = message[size:]
		var text []byte
		var n uint64
		switch kind {
		case protowire.VarintType:
			n, size = protowire.ConsumeVarint(message)
		case protowire.Fixed64Type:
			n, size = protowire.ConsumeFixed64(message)
		case protowire.BytesType:
			text, size = protowire.ConsumeBytes(message)
			text = text[:len(text):len(text)]
		default:
			size = -1
		}
		if size < 0 {
			return errProtobuf
		}
		message = message[size:]
		if err := f(number, text, n); err != nil {
			return err
		}
	}
	return nil
}
