package resolve

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

// TestPodWithTwoAddresses: of a pod that is in a slice twice one address may go,
// and the pod is still one of the Service's.
func TestPodWithTwoAddresses(t *testing.T) {
	key := func(name string) model.Key { return model.Key{Namespace: "shop", Name: name} }
	slice := func(pods ...string) *model.EndpointSlice {
		s := &model.EndpointSlice{Key: key("web-abc"), Service: key("web"), Ports: []model.TargetPort{{Name: "http", Number: 8080}}}
		for i, p := range pods {
			s.Endpoints = append(s.Endpoints, model.Address{Addr: netip.AddrFrom4([4]byte{198, 18, 0, byte(i)}), Serve: true, Pod: key(p)})
		}
		return s
	}
	g := NewGraph()
	g.Put(&model.Service{Key: key("web"), Ports: []model.Port{{Name: "http", Number: 80, Protocol: model.ProtocolHTTP}}})
	for _, p := range []string{"a", "b"} {
		g.Put(&model.Pod{Key: key(p), Identity: model.Identity(key("web")), Meshed: true})
	}
	for _, pods := range [][]string{{"a", "b", "a"}, {"a", "b"}, {"b"}, {"a", "b", "b"}, {"a"}, nil, {"b"}} {
		g.Put(slice(pods...))
		for _, p := range []string{"a", "b"} {
			if _, shape, _ := g.ClassOf(key(p)); (len(shape.Ports) > 0) != slices.Contains(pods, p) {
				t.Errorf("%v: %s has ports %v", pods, p, shape.Ports)
			}
		}
	}
}
