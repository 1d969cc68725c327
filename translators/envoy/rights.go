package envoy

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/translators/model"
)

// maxRights bounds what is remembered of rights, in bytes.
const maxRights = 4 << 20

// rights remembers what callers may do, validated and encoded: most share a
// few, and a port's stay as they are while its callers come and go.
type rights struct {
	encoded map[string][]byte
	size    int
	key     []byte
}

// of encodes what one caller may do by requests; nil for nothing.
func (r *rights) of(c model.Caller) ([]byte, error) {
	r.key = appendRights(r.key[:0], c)
	if b, ok := r.encoded[string(r.key)]; ok {
		return b, nil
	}
	on := callerMatch(c, true)
	if on == nil {
		return nil, nil
	}
	if err := Validate(on); err != nil {
		return nil, err
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(on)
	if err != nil {
		return nil, fmt.Errorf("encode what %s may do: %w", c.Identity, err)
	}
	if r.size += len(r.key) + len(b); r.size > maxRights {
		clear(r.encoded)
		r.size = len(r.key) + len(b)
	}
	r.encoded[string(r.key)] = b
	return b, nil
}

// appendRights adds all that callerMatch looks at, without ambiguity.
func appendRights(b []byte, c model.Caller) []byte {
	if c.Any {
		return append(b, 1)
	}
	b = append(b, 0)
	for _, r := range c.Routes {
		b = appendText(appendText(b, r.Name), r.Match.PathRegex)
		b = protowire.AppendVarint(b, uint64(len(r.Match.Methods)))
		for _, m := range r.Match.Methods {
			b = appendText(b, m)
		}
		b = protowire.AppendVarint(b, uint64(len(r.Match.Headers)))
		for _, h := range r.Match.Headers {
			b = appendText(appendText(b, h.Name), h.Regex)
		}
	}
	return b
}

func appendText(b []byte, s string) []byte { return protowire.AppendString(b, s) }
