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

// wireTemplate is an encoded message with holes for strings. Messages that differ in
// names alone are built, validated and encoded once; each is then the template
// with its own names in it.
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

func marks(n int) []string {
	ms := make([]string, 0, n)
	for i := range n {
		ms = append(ms, mark(i))
	}
	return ms
}

// newTemplate finds the holes of a message: the strings that marks stand for.
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

// appendTo adds the message with values in its holes.
func (t *wireTemplate) appendTo(b []byte, vs *values) []byte { return appendParts(b, t.parts, vs) }

func appendParts(b []byte, parts []part, vs *values) []byte {
	for _, p := range parts {
		switch {
		case p.hole > 0:
			b = append(b, vs.at(p.hole-1)...)
		case p.field != nil:
			b = protowire.AppendVarint(append(b, p.fixed...), uint64(sizeOf(p.field, vs)))
			b = appendParts(b, p.field, vs)
		default:
			b = append(b, p.fixed...)
		}
	}
	return b
}

func sizeOf(parts []part, vs *values) int {
	n := 0
	for _, p := range parts {
		switch {
		case p.hole > 0:
			n += len(vs.at(p.hole - 1))
		case p.field != nil:
			n += len(p.fixed) + protowire.SizeBytes(sizeOf(p.field, vs))
		default:
			n += len(p.fixed)
		}
	}
	return n
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
