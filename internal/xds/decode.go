package xds

import (
	"errors"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// request is a DeltaDiscoveryRequest, without what the proxy says of itself. Its
// strings are parts of one: whatever outlives the request is to be cloned.
type request struct {
	typeURL, nonce         string
	subscribe, unsubscribe []string
	// held are the versions that the proxy comes with, by name.
	held map[string]string
	// refused tells that the answer is a refusal, complaint why.
	refused   bool
	complaint string
}

// Field numbers of envoy.service.discovery.v3.DeltaDiscoveryRequest, of a map's
// entries and of google.rpc.Status.
const (
	requestTypeURL     protowire.Number = 2
	requestSubscribe   protowire.Number = 3
	requestUnsubscribe protowire.Number = 4
	requestVersions    protowire.Number = 5
	requestNonce       protowire.Number = 6
	requestError       protowire.Number = 7
	entryKey           protowire.Number = 1
	entryValue         protowire.Number = 2
	statusMessage      protowire.Number = 2
)

var errMalformed = errors.New("malformed discovery request")

// decode reads a request. A generated decoder would allocate each name.
func (r *request) decode(encoded string) error {
	return fields(encoded, func(n protowire.Number, v string) error {
		switch n {
		case requestVersions:
			return r.hold(v)
		case requestError:
			r.refused = true
			return fields(v, func(n protowire.Number, v string) error {
				return keep(&r.complaint, v, n == statusMessage)
			})
		case requestSubscribe:
			r.subscribe = append(r.subscribe, v)
		case requestUnsubscribe:
			r.unsubscribe = append(r.unsubscribe, v)
		case requestTypeURL:
			r.typeURL = v
		case requestNonce:
			r.nonce = v
		default:
			return nil
		}
		return valid(v)
	})
}

// hold reads an entry of the versions.
func (r *request) hold(entry string) error {
	var name, version string
	err := fields(entry, func(n protowire.Number, v string) error {
		return errors.Join(keep(&name, v, n == entryKey), keep(&version, v, n == entryValue))
	})
	if r.held == nil {
		r.held = map[string]string{}
	}
	r.held[name] = version
	return err
}

func keep(s *string, v string, it bool) error {
	if !it {
		return nil
	}
	*s = v
	return valid(v)
}

func valid(s string) error {
	if !utf8.ValidString(s) {
		return errMalformed
	}
	return nil
}

// maxHead is how long a tag can be, and a number.
const maxHead = 10

// fields calls f with each field of a message that is a string, or a message
// itself, and passes over all others.
func fields(s string, f func(n protowire.Number, v string) error) error {
	head := func() []byte { return []byte(s[:min(len(s), maxHead)]) }
	for len(s) > 0 {
		n, typ, size := protowire.ConsumeTag(head())
		if size < 0 || typ == protowire.StartGroupType {
			return errMalformed
		}
		s = s[size:]
		if typ != protowire.BytesType {
			if size = protowire.ConsumeFieldValue(n, typ, head()); size < 0 {
				return errMalformed
			}
			s = s[size:]
			continue
		}
		length, size := protowire.ConsumeVarint(head())
		if size < 0 || length > uint64(len(s)-size) {
			return errMalformed
		}
		end := size + int(length) //nolint:gosec // it is not more than what is there
		if err := f(n, s[size:end]); err != nil {
			return err
		}
		s = s[end:]
	}
	return nil
}
