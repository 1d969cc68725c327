package xds

import (
	"fmt"
	"runtime"
	"testing"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
)

// many are resources a to n of a type in one layer.
func many(t Type, n int) *Layer {
	var rs []*Resource
	for i := range n {
		rs = append(rs, get(t, fmt.Sprintf("r%03d", i)))
	}
	return NewLayer(rs...)
}

// sent are the names that a frame holds for a proxy that reads it, in order.
func sent(t *testing.T, f *frame) []string {
	t.Helper()
	m := &discoveryv3.DeltaDiscoveryResponse{}
	if err := proto.Unmarshal(f.data.Materialize(), m); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range m.GetResources() {
		names = append(names, r.GetName())
	}
	return names
}

// What many proxies are sent alike is one buffer from the second on, a layer at a
// time; what a few resources are, or one proxy alone is sent, is not copied.
func TestManyResourcesThatMoreThanOneIsSentAreOneBuffer(t *testing.T) {
	few, all := many(Cluster, minRun-1), many(Cluster, 10*minRun)
	want := Layered(NewLayer(get(Cluster, "own")), all)
	frames := func(s *Set, n int) []*frame {
		var fs []*frame
		for range n {
			l := lane{typ: Cluster, asked: true, wild: true, at: emptySet}
			upserts, _ := l.collect(s)
			fs = append(fs, newFrame(Cluster, 1, upserts, nil))
		}
		return fs
	}
	fs := frames(want, 3)
	for i, buffers := range []int{2 + 10*minRun, 3, 3} {
		if f := fs[i]; len(f.data) != buffers || len(sent(t, f)) != want.Len() {
			t.Errorf("proxy %d: %d buffers of %d resources, want %d", i, len(f.data), len(sent(t, f)), buffers)
		}
	}
	if &fs[1].data[1].ReadOnlyData()[0] != &fs[2].data[1].ReadOnlyData()[0] {
		t.Error("it was made twice")
	}
	// Another class sees the same by another set.
	if f := frames(Layered(NewLayer(get(Cluster, "other")), all), 1)[0]; &f.data[1].ReadOnlyData()[0] != &fs[1].data[1].ReadOnlyData()[0] {
		t.Error("another class has another copy")
	}
	if f := frames(NewSet(), 2)[1]; len(f.data) != 1 {
		t.Errorf("nothing is %d buffers", len(f.data))
	}
	if f := frames(Layered(few), 2)[1]; len(f.data) != minRun {
		t.Errorf("a few are %d buffers", len(f.data))
	}
}

// Buffers are shared for as long as somebody has not answered, and no more than
// so many bytes of them.
func TestSharedBuffersAreBounded(t *testing.T) {
	all := many(Cluster, 10*minRun)
	d := all.since(emptyLayer)
	d.shared.run(d.upserts)
	r := d.shared.run(d.upserts)
	if r == nil || d.shared.last.Value() != r {
		t.Fatal("nothing is shared")
	}
	if got := sharedBytes.Load(); got < int64(r.buffer.Len()) {
		t.Errorf("%d bytes are counted", got)
	}
	runtime.KeepAlive(r)
	for range 100 {
		if runtime.GC(); d.shared.last.Value() == nil {
			break
		}
	}
	if d.shared.last.Value() != nil {
		t.Error("it stays when nobody is sent it any more")
	}
	sharedBytes.Add(maxShared)
	defer sharedBytes.Add(-maxShared)
	if d.shared.run(d.upserts) != nil {
		t.Error("there is no bound")
	}
}
