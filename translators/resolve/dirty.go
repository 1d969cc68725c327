package resolve

import (
	"maps"
	"net/netip"

	"github.com/weft-mesh/weft/translators/model"
)

type set[T comparable] map[T]struct{}

func (s set[T]) add(vs ...T) {
	for _, v := range vs {
		s[v] = struct{}{}
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
func NewDirty() *Dirty {
	return &Dirty{
		Services: set[model.Key]{}, Endpoints: set[model.Key]{},
		Audience: set[model.Key]{}, Namespaces: set[string]{}, Outbound: set[model.Identity]{}, Inbound: set[model.Identity]{},
		Pods: set[model.Key]{}, Addresses: set[netip.Addr]{}, Objects: set[model.Ref]{},
	}
}

// Merge adds what another change made dirty.
func (d *Dirty) Merge(o *Dirty) {
	d.Everything = d.Everything || o.Everything
	d.Listener = d.Listener || o.Listener
	d.AllInbound = d.AllInbound || o.AllInbound
	maps.Copy(d.Services, o.Services)
	maps.Copy(d.Endpoints, o.Endpoints)
	maps.Copy(d.Audience, o.Audience)
	maps.Copy(d.Outbound, o.Outbound)
	maps.Copy(d.Namespaces, o.Namespaces)
	maps.Copy(d.Inbound, o.Inbound)
	maps.Copy(d.Pods, o.Pods)
	maps.Copy(d.Addresses, o.Addresses)
	maps.Copy(d.Objects, o.Objects)
}

// Empty tells that nothing has to be done.
func (d *Dirty) Empty() bool {
	return !d.Everything && !d.Listener && !d.AllInbound &&
		len(d.Audience)+len(d.Namespaces)+len(d.Services)+len(d.Endpoints)+len(d.Outbound)+len(d.Inbound)+len(d.Pods)+len(d.Addresses)+len(d.Objects) == 0
}
