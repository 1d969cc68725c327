package sidecars

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of the delta protocol's messages.
const (
	requestNode        protowire.Number = 1
	requestTypeURL     protowire.Number = 2
	requestSubscribe   protowire.Number = 3
	requestUnsubscribe protowire.Number = 4
	requestVersions    protowire.Number = 5
	requestNonce       protowire.Number = 6

	responseResources protowire.Number = 2
	responseTypeURL   protowire.Number = 4
	responseNonce     protowire.Number = 5
	responseRemoved   protowire.Number = 6

	resourceVersion protowire.Number = 1
	resourceBody    protowire.Number = 2
	resourceName    protowire.Number = 3
	anyValue        protowire.Number = 2
)

var errMalformed = errors.New("malformed response")

// request is one of a sidecar, not encoded.
type request struct {
	kind                   Kind
	node, nonce            string
	subscribe, unsubscribe []string
	held                   map[string]string
}

func (r *request) encode() []byte {
	var b []byte
	if r.node != "" {
		node := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), r.node)
		b = protowire.AppendBytes(protowire.AppendTag(b, requestNode, protowire.BytesType), node)
	}
	b = appendString(b, requestTypeURL, r.kind.URL())
	for _, s := range r.subscribe {
		b = appendString(b, requestSubscribe, s)
	}
	for _, s := range r.unsubscribe {
		b = appendString(b, requestUnsubscribe, s)
	}
	for name, version := range r.held {
		b = appendBytes(b, requestVersions, appendString(appendString(nil, 1, name), 2, version))
	}
	if r.nonce != "" {
		b = appendString(b, requestNonce, r.nonce)
	}
	return b
}

func appendString(b []byte, n protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, n, protowire.BytesType), s)
}

func appendBytes(b []byte, n protowire.Number, s []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), s)
}

// entry is a resource of a response, by the table's numbers.
type entry struct{ name, version int32 }

// response is one that was received. A sidecar has one and reads over it.
type response struct {
	table   *table
	kind    Kind
	nonce   string
	changed []entry
	removed []int32
	// keep, if there, is shown what came.
	keep Keep
}

// Keep sees the bytes of what a sidecar was sent; body is nil for what was
// removed, and is not to be held.
type Keep func(k Kind, name string, body []byte)

// fields calls f with each field of a message that is a string of bytes.
func fields(b []byte, f func(n protowire.Number, v []byte) error) error {
	for len(b) > 0 {
		n, t, size := protowire.ConsumeTag(b)
		if size < 0 {
			return errMalformed
		}
		b = b[size:]
		if t != protowire.BytesType {
			if size = protowire.ConsumeFieldValue(n, t, b); size < 0 {
				return errMalformed
			}
			b = b[size:]
			continue
		}
		v, size := protowire.ConsumeBytes(b)
		if size < 0 {
			return errMalformed
		}
		b = b[size:]
		if err := f(n, v); err != nil {
			return err
		}
	}
	return nil
}

func (r *response) decode(b []byte) error {
	r.kind, r.changed, r.removed = kinds, r.changed[:0], r.removed[:0]
	err := fields(b, func(n protowire.Number, v []byte) error {
		switch n {
		case responseTypeURL:
			r.kind = kindOf(v)
		case responseNonce:
			r.nonce = string(v)
		}
		return nil
	})
	if err != nil || r.kind == kinds {
		return errors.Join(err, errMalformed)
	}
	return fields(b, func(n protowire.Number, v []byte) error {
		switch n {
		case responseResources:
			return r.resource(v)
		case responseRemoved:
			r.removed = append(r.removed, r.table.number(r.kind, v))
			if r.keep != nil {
				r.keep(r.kind, string(v), nil)
			}
		}
		return nil
	})
}

func (r *response) resource(b []byte) error {
	var name, version, body []byte
	err := fields(b, func(n protowire.Number, v []byte) error {
		switch n {
		case resourceName:
			name = v
		case resourceVersion:
			version = v
		case resourceBody:
			return fields(v, func(n protowire.Number, v []byte) error {
				if n == anyValue {
					body = v
				}
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	number := r.table.number(r.kind, name)
	v, err := r.table.versionOf(number, version, body)
	if err != nil {
		return fmt.Errorf("decode %s: %w", name, err)
	}
	r.changed = append(r.changed, entry{number, v})
	if r.keep != nil {
		r.keep(r.kind, string(name), body)
	}
	return nil
}

// codec takes requests that are encoded and reads responses.
type codec struct{}

// Name is that of the codec whose bytes these are.
func (codec) Name() string { return "proto" }

// Marshal gives the bytes of a request.
func (codec) Marshal(v any) (mem.BufferSlice, error) {
	b, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("encode a %T", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(b)}, nil
}

// Unmarshal reads a response.
func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	r, ok := v.(*response)
	if !ok {
		return fmt.Errorf("decode a %T", v)
	}
	b := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer b.Free()
	return r.decode(b.ReadOnlyData())
}
