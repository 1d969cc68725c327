package xds

import (
	"fmt"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/google/go-cmp/cmp"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// read is a request as the generated decoder has it.
func read(m *discoveryv3.DeltaDiscoveryRequest) *request {
	return &request{
		typeURL: m.GetTypeUrl(), nonce: m.GetResponseNonce(), subscribe: m.GetResourceNamesSubscribe(), unsubscribe: m.GetResourceNamesUnsubscribe(),
		held: m.GetInitialResourceVersions(), refused: m.GetErrorDetail() != nil, complaint: m.GetErrorDetail().GetMessage(),
	}
}

func encoded(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func someRequests() []*discoveryv3.DeltaDiscoveryRequest {
	return []*discoveryv3.DeltaDiscoveryRequest{
		{},
		{Node: &corev3.Node{Id: "x", Cluster: "y"}, TypeUrl: Cluster.URL(), InitialResourceVersions: map[string]string{"a": "1", "b": "", "": "2"}},
		{TypeUrl: Endpoint.URL(), ResourceNamesSubscribe: []string{"a#1", "", "ä"}, ResourceNamesUnsubscribe: []string{"b", "c"}},
		{TypeUrl: Listener.URL(), ResponseNonce: "z1", ErrorDetail: &rpcstatus.Status{Code: 3, Message: "no"}},
		{TypeUrl: Listener.URL(), ErrorDetail: &rpcstatus.Status{}},
		{ResourceLocatorsSubscribe: []*discoveryv3.ResourceLocator{{Name: "a"}}},
	}
}

// FuzzDecode has any bytes read as the generated decoder reads them.
func FuzzDecode(f *testing.F) {
	for _, m := range someRequests() {
		f.Add(encoded(f, m))
	}
	f.Add([]byte{0x0b, 0x0c})                   // a group
	f.Add([]byte{0x12, 0xff, 0xff, 0xff, 0xff}) // longer than it is
	f.Add([]byte{0x1a, 0x01, 0xff})             // no UTF-8
	f.Fuzz(func(t *testing.T, b []byte) {
		got, m := &request{}, &discoveryv3.DeltaDiscoveryRequest{}
		if got.decode(string(b)) != nil || proto.Unmarshal(b, m) != nil {
			return // the one is stricter here, the other there
		}
		want := read(m)
		if want.refused {
			want.complaint = got.complaint // messages that come twice are merged; these strings are not
		}
		if len(got.held) == 0 {
			got.held, want.held = nil, nil
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(request{})); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRequestsAreRead(t *testing.T) {
	for _, m := range someRequests() {
		got := &request{}
		if err := newCodec().Unmarshal(mem.BufferSlice{mem.SliceBuffer(encoded(t, m))}, got); err != nil {
			t.Errorf("%v: %v", m, err)
		}
		if diff := cmp.Diff(read(m), got, cmp.AllowUnexported(request{})); diff != "" {
			t.Errorf("%v: %s", m, diff)
		}
	}
	for _, bad := range []string{"\x1a\x01\xff", "\x12\x05ab", "\x80", "\x0b\x0c", "\x2a\x02\x0a\x05", "\x3a\x02\x12\x05"} {
		if err := (&request{}).decode(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// A thousand names cost two dozen allocations: a slice that grows.
func TestRequestIsReadInFewAllocations(t *testing.T) {
	m := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: Endpoint.URL()}
	for i := range 1000 {
		m.ResourceNamesSubscribe = append(m.ResourceNamesSubscribe, fmt.Sprintf("outbound|shop/service-%05d|80#%s", i, strings.Repeat("f", 8)))
	}
	data, c := mem.BufferSlice{mem.SliceBuffer(encoded(t, m))}, newCodec()
	n := testing.AllocsPerRun(10, func() {
		if err := c.Unmarshal(data, &request{}); err != nil {
			t.Fatal(err)
		}
	})
	if n > 24 {
		t.Errorf("%.0f allocations", n)
	}
}
