package xds

import (
	"runtime"
	"sync"
	"sync/atomic"
	"weak"

	"google.golang.org/grpc/mem"
)

// batch is resources that are sent together.
type batch struct {
	resources []*Resource
	// of is a diff whose upserts they all are; nil where that is not known.
	of *diff
}

// these are resources that no other proxy is sent together.
func these(rs ...*Resource) batch { return batch{resources: rs} }

// buffers are the encoded resources. Those that go to many proxies are one
// buffer, which is shared for as long as somebody holds on to what is kept.
func (b batch) buffers() (data mem.BufferSlice, keep []*run) {
	if b.of == nil {
		return appendBuffers(make(mem.BufferSlice, 0, len(b.resources)+1), b.resources), nil
	}
	parts := b.of.parts
	if parts == nil {
		parts = []*diff{b.of}
	}
	for _, p := range parts {
		if r := p.shared.run(p.upserts); r != nil {
			data, keep = append(data, r.buffer), append(keep, r)
		} else {
			data = appendBuffers(data, p.upserts)
		}
	}
	return data, keep
}

func appendBuffers(data mem.BufferSlice, rs []*Resource) mem.BufferSlice {
	for _, r := range rs {
		data = append(data, mem.SliceBuffer(r.wire))
	}
	return data
}

const (
	// minRun is how many resources are worth a buffer of their own.
	minRun = 16
	// maxShared bounds the bytes of all runs: beyond it each proxy is sent the
	// resources' own buffers, which need no copy.
	maxShared = 64 << 20
)

// sharedBytes are those of all runs that there are.
var sharedBytes atomic.Int64

// run is resources that follow each other, encoded. Thousands of buffers cost a
// response more than the bytes in them.
type run struct {
	buffer mem.Buffer
}

// shared is the run of a diff, while somebody is being sent it.
type shared struct {
	mu   sync.Mutex
	used bool
	last weak.Pointer[run]
}

// run gives the resources as one; nil for a few, and for the first that is sent
// them, as nobody may come after.
func (s *shared) run(rs []*Resource) *run {
	if len(rs) < minRun {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.last.Value(); r != nil || !s.used {
		s.used = true
		return r
	}
	size := 0
	for _, r := range rs {
		size += len(r.wire)
	}
	if sharedBytes.Add(int64(size)) > maxShared {
		sharedBytes.Add(-int64(size))
		return nil
	}
	b := make([]byte, 0, size)
	for _, r := range rs {
		b = append(b, r.wire...)
	}
	r := &run{mem.SliceBuffer(b)}
	runtime.AddCleanup(r, func(n int64) { sharedBytes.Add(-n) }, int64(size))
	s.last = weak.Make(r)
	return r
}
