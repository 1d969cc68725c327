package xds

// names is a set of names that a proxy asked for. Most proxies ask for all that
// their class has: then it is a reference to the class's set and holds nothing
// of its own.
type names struct {
	// base, if there, holds names of the set, except those in minus.
	base  *Set
	minus map[string]struct{}
	plus  map[string]struct{}
}

func (n *names) has(name string) bool {
	if n.base != nil && n.base.Get(name) != nil {
		_, out := n.minus[name]
		return !out
	}
	_, ok := n.plus[name]
	return ok
}

func (n *names) len() int {
	if n.base == nil {
		return len(n.plus)
	}
	return n.base.Len() - len(n.minus) + len(n.plus)
}

// add puts a name in, and tells whether it is new.
func (n *names) add(name string) bool {
	if n.has(name) {
		return false
	}
	if n.base != nil && n.base.Get(name) != nil {
		delete(n.minus, name)
		return true
	}
	put(&n.plus, name)
	return true
}

// drop takes a name out, and tells whether it was there.
func (n *names) drop(name string) bool {
	if !n.has(name) {
		return false
	}
	if n.base != nil && n.base.Get(name) != nil {
		put(&n.minus, name)
		return true
	}
	delete(n.plus, name)
	return true
}

// moved keeps the names the same when their base follows a diff to another set.
func (n *names) moved(d *diff, to *Set) {
	if n.base == nil {
		return
	}
	from := n.base
	n.base = to
	for _, r := range d.removed {
		if _, out := n.minus[r.Name]; out {
			delete(n.minus, r.Name)
		} else {
			put(&n.plus, r.Name)
		}
	}
	for _, r := range d.upserts {
		if from.Get(r.Name) != nil {
			continue
		}
		if _, in := n.plus[r.Name]; in {
			delete(n.plus, r.Name)
		} else {
			put(&n.minus, r.Name)
		}
	}
}

// covers tells whether all names of a set are in, which has to be the set that
// base is at, and lets base stand for them if so.
func (n *names) covers(s *Set) bool {
	if n.base == s {
		return len(n.minus) == 0
	}
	if n.base != nil || len(n.plus) < s.Len() {
		return s.Len() == 0
	}
	for name := range s.names() {
		if _, ok := n.plus[name]; !ok {
			return false
		}
	}
	rest := map[string]struct{}(nil)
	for name := range n.plus {
		if s.Get(name) == nil {
			put(&rest, name)
		}
	}
	n.base, n.plus = s, rest
	return true
}

// flatten writes all names out, so that base may go.
func (n *names) flatten() {
	if n.base == nil {
		return
	}
	base := n.base
	n.base = nil
	for name := range base.names() {
		if _, out := n.minus[name]; !out {
			put(&n.plus, name)
		}
	}
	n.minus = nil
}

func put(m *map[string]struct{}, name string) {
	if *m == nil {
		*m = map[string]struct{}{}
	}
	(*m)[name] = struct{}{}
}
