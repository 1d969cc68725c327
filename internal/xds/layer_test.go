package xds

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestLayersFollowOneAnother: however one layer came from another, the way
// between them is what a comparison name by name finds, both ways.
func TestLayersFollowOneAnother(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		all := []*Layer{NewLayer()}
		states := []map[string]*Resource{{}}
		for range 3 * maxChanges {
			at := len(all) - 1
			if r.IntN(20) == 0 {
				at = r.IntN(len(all)) // a second line from an older layer
			}
			state := maps.Clone(states[at])
			gone, come := someNames(r), named(someNames(r)...)
			for _, name := range gone {
				delete(state, name)
			}
			for _, res := range come {
				state[res.Name] = res
			}
			all, states = append(all, all[at].With(gone, come)), append(states, state)
		}
		for i, l := range all {
			if l.tree.Len() != len(states[i]) {
				t.Fatalf("seed %d: layer %d holds %d names, want %d", seed, i, l.tree.Len(), len(states[i]))
			}
			for name, want := range states[i] {
				if l.get(name) != want {
					t.Fatalf("seed %d: layer %d has another %s", seed, i, name)
				}
			}
		}
		for range 200 {
			i, j := r.IntN(len(all)), r.IntN(len(all))
			got, want := all[j].since(all[i]), walk(&all[i].tree, &all[j].tree)
			if !slices.Equal(got.upserts, want.upserts) || !slices.Equal(got.removed, want.removed) {
				t.Fatalf("seed %d: from %d to %d: %s, want %s", seed, i, j, text(got), text(want))
			}
		}
	}
}

func TestLayerWithoutChangeIsTheSame(t *testing.T) {
	rs := named("a", "b")
	l := NewLayer(rs...)
	if l.With(nil, nil) != l || l.With([]string{"x"}, rs) != l || l.With([]string{"a"}, rs[:1]) != l {
		t.Error("nothing changed, and it is another layer")
	}
	if l.With([]string{"a"}, nil) == l || l.get("a") != rs[0] {
		t.Error("a layer was changed")
	}
}

// TestSetOfTwoLayers: the one layer's names and the other's. What comes is layer by
// layer, what goes in order.
func TestSetOfTwoLayers(t *testing.T) {
	own, shared := named("b", "d"), named("a", "c")
	s := Layered(NewLayer(own...), NewLayer(shared...))
	if got := strings.Join(s.Names(), ""); got != "abcd" || s.Len() != 4 || s.Get("d") != own[1] || s.Get("c") != shared[1] {
		t.Errorf("%s, %d", got, s.Len())
	}
	if got := text(s.since(emptySet)); got != "+b+d+a+c" {
		t.Error(got)
	}
	if got := text(emptySet.since(s)); got != "-a-b-c-d" {
		t.Error(got)
	}
	next := Layered(s.layers[0], s.layers[1].With([]string{"a"}, nil))
	if got := text(next.since(s)); got != "-a" || next.Equal(s) || !next.Equal(next) {
		t.Error(got)
	}
}

// TestResourcesMoveBetweenLayers: what leads from one set to another is the same
// whatever layer holds what.
func TestResourcesMoveBetweenLayers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	some := func() (*Set, *Layer) {
		var layers [depth][]*Resource
		var all []*Resource
		for _, res := range twoOfEach {
			if r.IntN(2) == 0 || slices.ContainsFunc(all, func(o *Resource) bool { return o.Name == res.Name }) {
				continue
			}
			i := r.IntN(depth)
			layers[i], all = append(layers[i], res), append(all, res)
		}
		return Layered(NewLayer(layers[0]...), NewLayer(layers[1]...), NewLayer(layers[2]...)), NewLayer(all...)
	}
	for range 2000 {
		from, flatFrom := some()
		to, flatTo := some()
		got, want := to.since(from), walk(&flatFrom.tree, &flatTo.tree)
		upserts := slices.Clone(got.upserts) // which may be layer by layer
		slices.SortFunc(upserts, func(a, b *Resource) int { return cmp.Compare(a.Name, b.Name) })
		if !slices.Equal(upserts, want.upserts) || !slices.Equal(got.removed, want.removed) {
			t.Fatalf("from %v to %v: %s, want %s", from.Names(), to.Names(), text(got), text(want))
		}
	}
}

// twoOfEach are two of each name.
var twoOfEach = append(named("a", "b", "c", "d"), named("a", "b", "c", "d")...)

func someNames(r *rand.Rand) []string {
	var names []string
	for range r.IntN(4) {
		names = append(names, fmt.Sprint("n", r.IntN(12)))
	}
	return names
}

func named(names ...string) []*Resource {
	var rs []*Resource
	for _, n := range slices.Compact(slices.Sorted(slices.Values(names))) {
		rs = append(rs, &Resource{Name: n})
	}
	return rs
}

// text is a diff in its own order.
func text(d *diff) string {
	var b strings.Builder
	for _, r := range d.upserts {
		b.WriteString("+" + r.Name)
	}
	for _, r := range d.removed {
		b.WriteString("-" + r.Name)
	}
	return b.String()
}
