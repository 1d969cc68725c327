package xds

import (
	"strconv"

	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec that frames are beside
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of envoy.service.discovery.v3.DeltaDiscoveryResponse.
const (
	responseResources protowire.Number = 2
	responseTypeURL   protowire.Number = 4
	responseNonce     protowire.Number = 5
	responseRemoved   protowire.Number = 6
)

// frame is an encoded DeltaDiscoveryResponse: the shared bytes of resources,
// which are not copied for each proxy, and a tail of this stream's own.
type frame struct {
	data mem.BufferSlice
	keep []*run
}

func newFrame(t Type, nonce uint64, upserts batch, removed []string) *frame {
	data, keep := upserts.buffers()
	size := 2*protowire.SizeBytes(len(t.URL())) + 24
	for _, name := range removed {
		size += fieldSize(responseRemoved, len(name))
	}
	tail := make([]byte, 0, size)
	tail = appendString(tail, responseTypeURL, t.URL())
	tail = appendString(tail, responseNonce, formatNonce(nonce))
	for _, name := range removed {
		tail = appendString(tail, responseRemoved, name)
	}
	return &frame{append(data, mem.SliceBuffer(tail)), keep}
}

func formatNonce(n uint64) string { return strconv.FormatUint(n, 36) }

// codec sends frames as they are, reads requests by itself, and leaves all else
// to proto.
type codec struct {
	encoding.CodecV2
}

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Marshal encodes a message.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if f, ok := v.(*frame); ok {
		return f.data, nil
	}
	return c.CodecV2.Marshal(v)
}

// Unmarshal decodes a message.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	r, ok := v.(*request)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	b := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer b.Free()
	return r.decode(string(b.ReadOnlyData()))
}
