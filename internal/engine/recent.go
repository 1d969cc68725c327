package engine

import (
	"reflect"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
)

// shared is what classes build of their own side once for all that are alike:
// most pods of a mesh differ in their callers alone, which are in routes.
type shared struct {
	built     prometheus.Counter
	encoder   *envoy.Encoder
	listeners recent[model.Inbound, *xds.Resource]
	probes    recent[model.Inbound, *xds.Resource]
	clusters  recent[[]model.Probe, *xds.Layer]
}

// maxRecent bounds how many views are remembered of each kind: it takes a moment
// to compare with all of them.
const maxRecent = 32

// recent remembers what was made of the last views.
type recent[V, R any] struct{ known []*remembered[V, R] }

type remembered[V, R any] struct {
	view V
	made R
}

// of finds what was made of an equal view, or makes it. What could not be made is
// not remembered.
func (r *recent[V, R]) of(view *V, make func() (R, error)) (R, error) {
	i := slices.IndexFunc(r.known, func(k *remembered[V, R]) bool { return reflect.DeepEqual(&k.view, view) })
	if i >= 0 {
		k := r.known[i]
		copy(r.known[1:], r.known[:i])
		r.known[0] = k
		return k.made, nil
	}
	made, err := make()
	if err != nil {
		return made, err
	}
	if len(r.known) == maxRecent {
		r.known = r.known[:maxRecent-1]
	}
	r.known = slices.Insert(r.known, 0, &remembered[V, R]{*view, made})
	return made, nil
}

// listener sets a listener in a slot.
func (s *shared) listener(slot *slot[model.Inbound], of *recent[model.Inbound, *xds.Resource], name string, view model.Inbound, build func(model.Inbound) (proto.Message, error)) bool {
	if slot.same(view) {
		return false
	}
	res, err := of.of(&view, func() (*xds.Resource, error) {
		s.built.Inc()
		return encode(name, view, build)
	})
	return slot.adopt(view, res, err)
}

// podClusters are the clusters for the pods' own side: fixed ones and those of the
// probes. They are the same as long as a class is there: its probes are part of
// what it is.
func (s *shared) podClusters(probes []model.Probe) *xds.Layer {
	layer, _ := s.clusters.of(&probes, func() (*xds.Layer, error) {
		var all []*xds.Resource
		for _, m := range envoy.BuildPodClusters(probes) {
			s.built.Inc()
			if res, err := encode(m.Name, probes, func([]model.Probe) (proto.Message, error) { return m, nil }); err == nil {
				all = append(all, res)
			}
		}
		return xds.NewLayer(all...), nil
	})
	return layer
}
