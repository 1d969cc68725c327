package resolve

import (
	"crypto/sha256"
	"hash/maphash"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// Reach is whom an identity may call beyond those that all may, sorted. It is
// not to be written to.
type Reach struct {
	Identities []model.Identity // by TCP, requests included
	UDP        []model.Identity
	// Key is the same for equal ones.
	Key string
}

// Reach answers for an identity.
func (g *Graph) Reach(id model.Identity) Reach {
	sources := g.reaches.of[id]
	if r, ok := g.reaches.known[sources]; ok {
		return r
	}
	r := Reach{Identities: make([]model.Identity, 0, len(g.index.targetsFrom[id]))}
	for t := range g.index.targetsFrom[id] {
		r.Identities = append(r.Identities, g.parties[t].destinations...)
		if slices.ContainsFunc(g.targets[t].Rules, func(r model.TargetRule) bool { return r.Kind == model.KindUDPRoute }) {
			r.UDP = append(r.UDP, g.parties[t].destinations...)
		}
	}
	r.Identities, r.UDP = g.closed(r.Identities), g.closed(r.UDP)
	r.Key = reachKey(r.Identities, r.UDP)
	g.reaches.know(sources, r)
	return r
}

// closed are those that not all may call, sorted.
func (g *Graph) closed(ids []model.Identity) []model.Identity {
	ids = slices.DeleteFunc(ids, g.open)
	slices.SortFunc(ids, model.Identity.Compare)
	return slices.Compact(ids)
}

// reachKey is a hash of lists of names, none of which holds a zero.
func reachKey(lists ...[]model.Identity) string {
	h := sha256.New()
	var b []byte
	for _, ids := range lists {
		for _, id := range ids {
			b = append(append(b[:0], id.Namespace...), 0)
			b = append(append(b, id.Name...), 0)
			h.Write(b)
		}
		h.Write([]byte{0})
	}
	return string(h.Sum(nil))
}

// reaches remembers the last reaches, by the TrafficTargets that they are of:
// identities that the same ones name have the same.
type reaches struct {
	// of sums up the TrafficTargets that name an identity as a source.
	of    map[model.Identity]targetSum
	known map[targetSum]Reach
	seeds [2]maphash.Seed
}

// targetSum is a hash of a set, to which each member adds by itself. Nobody can
// choose members for it: the hash is another in each process.
type targetSum [2]uint64

// maxReaches bounds what is remembered. Many proxies that connect at once have
// few reaches, or each its own.
const maxReaches = 64

func newReaches() reaches {
	return reaches{of: map[model.Identity]targetSum{}, known: map[targetSum]Reach{}, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
}

// toggle notes that a TrafficTarget names an identity as a source, or does no
// more.
func (rs *reaches) toggle(id model.Identity, target model.Key) {
	sum := rs.of[id]
	for i, seed := range rs.seeds {
		sum[i] ^= maphash.Comparable(seed, target)
	}
	if sum == (targetSum{}) {
		delete(rs.of, id)
	} else {
		rs.of[id] = sum
	}
}

func (rs *reaches) know(s targetSum, r Reach) {
	if len(rs.known) >= maxReaches {
		clear(rs.known)
	}
	rs.known[s] = r
}

// forget is for changes of what TrafficTargets open to whom they name.
func (rs *reaches) forget() { clear(rs.known) }
