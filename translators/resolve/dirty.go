package resolve

import (
	"maps"
	"net/netip"

	"github.com/weft-mesh/weft/translators/model"
)

type set[T comparable] map[T]struct{}

// add makes the set where there is none: most of what a change could make dirty
// it does not.
func (s *set[T]) add(vs ...T) {
	if *s == nil && len(vs) > 0 {
		*s = make(set[T], len(vs))
	}
	for _, v := range vs {
		(*s)[v] = struct{}{}
	}
}

// take adds all of another set, which may be the same from then on.
func (s *set[T]) take(o set[T]) {
	if len(*s) == 0 {
		*s = o
	} else {
		maps.Copy(*s, o)
	}
}

func (s set[T]) has(v T) bool { _, ok := s[v]; return ok }

// Dirty says which views may differ after a change. It may name too many,
// never too few. Merging two is their union.
type Dirty struct {
	// Everything is set where the mesh's own settings changed.
	Everything bool
	// Services' clusters, endpoints and routes.
	Services set[model.Key]
	// Endpoints alone of these Services: the fast path.
	Endpoints set[model.Key]
	// Listener is set where the outbound listener may differ.
	Listener bool
	// Audience of these Services.
	Audience set[model.Key]
	// Outbound is whose Reach may differ.
	Outbound set[model.Identity]
	// Inbound policies of the proxies of these identities, of all of some
	// namespaces, or of all.
	Inbound    set[model.Identity]
	Namespaces set[string]
	AllInbound bool
	// Pods whose class may be another.
	Pods set[model.Key]
	// Addresses whose DirectCluster may differ.
	Addresses set[netip.Addr]
	// Objects whose diagnostics may differ.
	Objects set[model.Ref]
}

// NewDirty makes an empty one.
func NewDirty() *Dirty { return &Dirty{} }

// Merge adds what another change made dirty, which is not to be used any more.
func (d *Dirty) Merge(o *Dirty) {
	d.Everything = d.Everything || o.Everything
	d.Listener = d.Listener || o.Listener
	d.AllInbound = d.AllInbound || o.AllInbound
	d.Services.take(o.Services)
	d.Endpoints.take(o.Endpoints)
	d.Audience.take(o.Audience)
	d.Outbound.take(o.Outbound)
	d.Namespaces.take(o.Namespaces)
	d.Inbound.take(o.Inbound)
	d.Pods.take(o.Pods)
	d.Addresses.take(o.Addresses)
	d.Objects.take(o.Objects)
}

// Empty tells that nothing has to be done.
func (d *Dirty) Empty() bool {
	return !d.Everything && !d.Listener && !d.AllInbound &&
		len(d.Audience)+len(d.Namespaces)+len(d.Services)+len(d.Endpoints)+len(d.Outbound)+len(d.Inbound)+len(d.Pods)+len(d.Addresses)+len(d.Objects) == 0
}
