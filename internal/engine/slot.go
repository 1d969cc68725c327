package engine

import (
	"reflect"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/envoy"
)

// slot holds one built resource and the view that it was built from. A view
// that can't be built leaves the last good resource in place.
type slot[V any] struct {
	built prometheus.Counter
	view  V
	res   *xds.Resource
	err   error
	done  bool
}

// set rebuilds the resource where the view has changed, and tells whether the
// bytes have.
func (s *slot[V]) set(name string, view V, build func(V) (proto.Message, error)) bool {
	if s.same(view) {
		return false
	}
	res, err := encode(name, view, build)
	return s.take(view, res, err)
}

// fill is set for what an encoder gives the bytes of.
func (s *slot[V]) fill(t xds.Type, name string, view V, encode func() ([]byte, error)) bool {
	if s.same(view) {
		return false
	}
	encoded, err := encode()
	return s.take(view, resource(t, name, encoded, err), err)
}

// take takes in what was built from a new view.
func (s *slot[V]) take(view V, res *xds.Resource, err error) bool {
	s.built.Inc()
	return s.adopt(view, res, err)
}

// adopt takes in what somebody has built from a new view.
func (s *slot[V]) adopt(view V, res *xds.Resource, err error) bool {
	s.view, s.done = view, true
	s.err = err
	if err != nil || (s.res != nil && s.res.Version == res.Version && s.res.Name == res.Name) {
		return false
	}
	s.res = res
	return true
}

// same tells whether the resource was built from an equal view.
func (s *slot[V]) same(view V) bool { return s.done && reflect.DeepEqual(s.view, view) }

func encode[V any](name string, view V, build func(V) (proto.Message, error)) (*xds.Resource, error) {
	m, err := build(view)
	if err != nil {
		return nil, err
	}
	if err := envoy.Validate(m); err != nil {
		return nil, err
	}
	return xds.NewResource(name, m)
}

// slots are the resources of one kind by a key. They are few: a list is smaller
// than a map, and as fast.
type slots[K comparable, V any] struct {
	built prometheus.Counter
	all   []keyed[K, V]
}

type keyed[K comparable, V any] struct {
	key K
	slot[V]
}

func newSlots[K comparable, V any](built prometheus.Counter) slots[K, V] {
	return slots[K, V]{built: built}
}

// put sets one resource.
func (ss *slots[K, V]) put(k K, name string, view V, build func(V) (proto.Message, error)) bool {
	return ss.at(k).set(name, view, build)
}

// at finds a slot, or makes it. It is there until the next is made.
func (ss *slots[K, V]) at(k K) *slot[V] {
	for i := range ss.all {
		if ss.all[i].key == k {
			return &ss.all[i].slot
		}
	}
	ss.all = append(ss.all, keyed[K, V]{key: k, slot: slot[V]{built: ss.built}})
	return &ss.all[len(ss.all)-1].slot
}

// keep drops what is not wanted any more, and tells whether anything was.
func (ss *slots[K, V]) keep(wanted map[K]bool) bool {
	before := len(ss.all)
	ss.all = slices.DeleteFunc(ss.all, func(s keyed[K, V]) bool { return !wanted[s.key] })
	return len(ss.all) < before
}

func (ss *slots[K, V]) resources(to []*xds.Resource) []*xds.Resource {
	for _, s := range ss.all {
		if s.res != nil {
			to = append(to, s.res)
		}
	}
	return to
}

func (ss *slots[K, V]) errors(to []error) []error {
	for _, s := range ss.all {
		if s.err != nil {
			to = append(to, s.err)
		}
	}
	return to
}
