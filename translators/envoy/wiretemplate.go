package envoy

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// wireTemplate is an encoded message with holes for strings and numbers. Messages
// that differ in these alone are built, validated and encoded once; each is then
// the template with its own in it.
type wireTemplate struct {
	parts []part
}

// part is bytes that are always the same; or a hole; or a field, whose length
// depends on the holes in it.
type part struct {
	fixed []byte // of a field: its tag
	hole  int    // from 1
	field []part
}

// mark is what stands for a string where a template is made.
func mark(n int) string { return fmt.Sprintf("weft-hole-%02d", n) }

// varintMark is a number as it is encoded, that stands for a number.
func varintMark(n uint32) string { return string(protowire.AppendVarint(nil, uint64(n))) }

func marks(n int) []string {
	ms := make([]string, 0, n)
	for i := range n {
		ms = append(ms, mark(i))
	}
	return ms
}

// newTemplate finds the holes of a message: what marks stand for.
func newTemplate(m proto.Message, marks []string) (*wireTemplate, error) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode a template: %w", err)
	}
	parts, err := cut(b, m.ProtoReflect().Descriptor(), marks)
	return &wireTemplate{parts}, err
}

// cut takes an encoded message apart, as far as it has holes.
func cut(b []byte, md protoreflect.MessageDescriptor, marks []string) ([]part, error) {
	var parts []part
	whole := b
	for len(b) > 0 {
		num, typ, tag := protowire.ConsumeTag(b)
		n := protowire.ConsumeFieldValue(num, typ, b[max(tag, 0):])
		if tag < 0 || n < 0 {
			return nil, fmt.Errorf("%s does not read as it was written", md.FullName())
		}
		field := b[:tag+n]
		b = b[tag+n:]
		if i := slices.Index(marks, string(field[tag:])); typ == protowire.VarintType && i >= 0 {
			parts = append(appendFixed(parts, field[:tag]), part{hole: i + 1})
			continue
		}
		if typ != protowire.BytesType || !marked(field, marks) {
			parts = appendFixed(parts, field)
			continue
		}
		value, _ := protowire.ConsumeBytes(field[tag:])
		fd := md.Fields().ByNumber(num)
		if hole := entryHole(value, fd, marks); hole > 0 {
			parts = append(parts, part{hole: hole})
			continue
		}
		inner, err := cutValue(value, md, fd, whole, marks)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{fixed: field[:tag], field: inner})
	}
	return parts, nil
}

// entryHole is the hole that an entry of a map is: one whose key is a mark
// stands for any number of entries. 0 for no such thing.
func entryHole(entry []byte, fd protoreflect.FieldDescriptor, marks []string) int {
	if fd == nil || !fd.IsMap() {
		return 0
	}
	_, _, tag := protowire.ConsumeTag(entry) // its first field is the key
	key, _ := protowire.ConsumeBytes(entry[tag:])
	return 1 + slices.Index(marks, string(key))
}

// cutValue takes the value of a field apart: a message, what an Any holds, or a
// string.
func cutValue(value []byte, md protoreflect.MessageDescriptor, fd protoreflect.FieldDescriptor, whole []byte, marks []string) ([]part, error) {
	switch {
	case fd == nil:
		return nil, fmt.Errorf("%s has an unknown field", md.FullName())
	case fd.Message() != nil:
		return cut(value, fd.Message(), marks)
	case md.FullName() == "google.protobuf.Any":
		_, _, tag := protowire.ConsumeTag(whole) // its first field is the type
		url, _ := protowire.ConsumeBytes(whole[tag:])
		t, err := protoregistry.GlobalTypes.FindMessageByURL(string(url))
		if err != nil {
			return nil, fmt.Errorf("find %s: %w", url, err)
		}
		return cut(value, t.Descriptor(), marks)
	default:
		return cutString(string(value), marks), nil
	}
}

func cutString(s string, marks []string) []part {
	var parts []part
	for s != "" {
		at, which := len(s), -1
		for i, m := range marks {
			if j := strings.Index(s, m); j >= 0 && j < at {
				at, which = j, i
			}
		}
		parts = appendFixed(parts, []byte(s[:at]))
		if which < 0 {
			break
		}
		parts = append(parts, part{hole: which + 1})
		s = s[at+len(marks[which]):]
	}
	return parts
}

func marked(b []byte, marks []string) bool {
	for _, m := range marks {
		if bytes.Contains(b, []byte(m)) {
			return true
		}
	}
	return false
}

func appendFixed(parts []part, b []byte) []part {
	if len(b) == 0 {
		return parts
	}
	if n := len(parts); n > 0 && parts[n-1].field == nil && parts[n-1].hole == 0 {
		parts[n-1].fixed = append(parts[n-1].fixed, b...)
		return parts
	}
	return append(parts, part{fixed: bytes.Clone(b)})
}

// fill writes the message with values in its holes. It writes from the end, so
// that the length of a field is known when it is due.
func (t *wireTemplate) fill(b *backwards, vs *values) { b.parts(t.parts, vs) }

// backwards is a buffer that grows at its beginning.
type backwards struct {
	buf  []byte
	from int
}

func (b *backwards) reset()        { b.from = len(b.buf) }
func (b *backwards) bytes() []byte { return b.buf[b.from:] }

// room makes place for n bytes before what there is.
func (b *backwards) room(n int) []byte {
	if n > b.from {
		more := make([]byte, max(n-b.from, len(b.buf), 1024))
		b.buf = append(more, b.buf...)
		b.from += len(more)
	}
	b.from -= n
	return b.buf[b.from : b.from+n]
}

func (b *backwards) parts(parts []part, vs *values) {
	for i := len(parts) - 1; i >= 0; i-- {
		p := &parts[i]
		switch {
		case p.hole > 0:
			v := vs.at(p.hole - 1)
			copy(b.room(len(v)), v)
		case p.field != nil:
			end := len(b.buf) - b.from
			b.parts(p.field, vs)
			b.varint(uint64(len(b.buf) - b.from - end))
			copy(b.room(len(p.fixed)), p.fixed)
		default:
			copy(b.room(len(p.fixed)), p.fixed)
		}
	}
}

func (b *backwards) varint(v uint64) {
	to := b.room(protowire.SizeVarint(v))
	protowire.AppendVarint(to[:0], v)
}

// values fill holes. They share one buffer, which is used again and again.
type values struct {
	buf  []byte
	ends []int
	// empty tells that one of them is: such a string is not encoded at all, so no
	// hole can be for it.
	empty bool
}

func (vs *values) reset() { vs.buf, vs.ends, vs.empty = vs.buf[:0], vs.ends[:0], false }

func (vs *values) add(ss ...string) {
	for _, s := range ss {
		vs.buf = append(vs.buf, s...)
		vs.end()
	}
}

// end ends the value that was appended to buf.
func (vs *values) end() {
	from := 0
	if n := len(vs.ends); n > 0 {
		from = vs.ends[n-1]
	}
	vs.empty = vs.empty || len(vs.buf) == from
	vs.ends = append(vs.ends, len(vs.buf))
}

func (vs *values) at(i int) []byte {
	from := 0
	if i > 0 {
		from = vs.ends[i-1]
	}
	return vs.buf[from:vs.ends[i]]
}
