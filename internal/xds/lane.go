package xds

import (
	"slices"
	"time"
)

// minFresh is how many names are noted before they are looked through.
const minFresh = 1024

// lane is one type of resource on one stream: what the proxy asked for, what it
// has, and what it has not answered yet.
type lane struct {
	typ Type
	// asked tells that the proxy has sent a request of the type.
	asked bool
	// wild is the subscription to all of the class's resources, names the one to
	// single ones.
	wild  bool
	names names

	// at is the set whose resources have all been sent, as far as asked for.
	at *Set
	// doomed is what the proxy has and at has not. It is removed late.
	doomed map[string]*Resource
	// fresh are names asked for and not answered.
	fresh []string
	// held are the versions that the proxy had when it connected, until they
	// are compared.
	held map[string]string
	// unanswered tells that the proxy waits for a response, even an empty one.
	unanswered bool

	// waiting are responses without an answer, oldest first.
	waiting []*response
	// alone are resources refused in company, to be sent one by one.
	alone []*Resource
	// rejected are the resources that the proxy refused by themselves.
	rejected map[string]*Resource
}

// response is one that was sent.
type response struct {
	nonce   string
	upserts []*Resource
	removed []string
	sent    time.Time
	keep    []*run
}

// wants tells whether the proxy asked for a name.
func (l *lane) wants(name string) bool { return l.wild || l.names.has(name) }

// busy tells that something of the type is on its way.
func (l *lane) busy() bool { return len(l.waiting) > 0 || len(l.alone) > 0 }

// behind tells that a lane has something to send before removals.
func (l *lane) behind(want *Set) bool {
	return l.asked && (l.at != want || len(l.fresh) > 0 || l.unanswered || l.unmet())
}

// unmet tells that all of a set was asked for, and nothing of it sent yet.
func (l *lane) unmet() bool { return l.names.base != nil && l.names.base != l.at }

// collect brings the lane to a set and gives what has to be sent for it, except
// for removals that can wait: those become doomed.
func (l *lane) collect(want *Set) (upserts batch, absent []string) {
	from := l.at
	upserts = l.move(want)
	for _, name := range l.fresh {
		if !l.wants(name) {
			continue
		}
		r := l.at.Get(name)
		switch {
		case r == nil:
			if l.doomed[name] == nil {
				absent = append(absent, name)
			}
		case from.Get(name) == r && l.held[name] != r.Version:
			// The diff did not hold it.
			upserts = these(append(upserts.resources[:len(upserts.resources):len(upserts.resources)], r)...)
			delete(l.rejected, name)
		}
	}
	l.fresh, l.held, l.unanswered = nil, nil, false
	return upserts, absent
}

// move brings at to a set, and gives the resources that the proxy lacks.
func (l *lane) move(want *Set) batch {
	if l.at == want && !l.unmet() {
		return batch{}
	}
	d := want.since(l.at)
	for _, r := range d.removed {
		if l.wants(r.Name) {
			l.doom(r)
		}
	}
	for name := range l.held {
		if want.Get(name) == nil && l.wants(name) {
			l.doom(&Resource{Name: name})
		}
	}
	l.follow(want, d)
	l.at = want
	lacking := l.lacking(d.upserts)
	if len(lacking) < len(d.upserts) {
		return these(lacking...)
	}
	return batch{lacking, d}
}

// follow keeps the names the same when at becomes another set.
func (l *lane) follow(want *Set, d *diff) {
	if l.unmet() {
		d = want.since(l.names.base)
		for _, r := range d.removed { // that has to be said
			l.refresh(r.Name)
		}
	}
	l.names.moved(d, want)
}

// refresh notes that a name is to be answered. A proxy that does not answer may
// ask for ever; what is noted stays in proportion to what it asks for now.
func (l *lane) refresh(name string) {
	if len(l.fresh) >= 2*l.names.len()+minFresh {
		slices.Sort(l.fresh)
		l.fresh = slices.DeleteFunc(slices.Compact(l.fresh), func(name string) bool { return !l.wants(name) })
	}
	l.fresh = append(l.fresh, name)
}

func (l *lane) doom(r *Resource) {
	if l.doomed == nil {
		l.doomed = map[string]*Resource{}
	}
	l.doomed[r.Name] = r
	delete(l.rejected, r.Name)
}

// lacking leaves out what the proxy did not ask for or has already. Where that
// is nothing the result is the argument itself.
func (l *lane) lacking(upserts []*Resource) []*Resource {
	if l.wild && len(l.doomed) == 0 && len(l.held) == 0 && len(l.rejected) == 0 {
		return upserts
	}
	kept := 0
	var out []*Resource
	for i, r := range upserts {
		if l.lacks(r) {
			if out != nil {
				out = append(out, r)
			}
			kept++
		} else if out == nil {
			out = append(make([]*Resource, 0, len(upserts)-1), upserts[:i]...)
		}
	}
	if kept == len(upserts) {
		return upserts
	}
	return out
}

// lacks tells whether the proxy needs a resource of a diff.
func (l *lane) lacks(r *Resource) bool {
	if !l.wants(r.Name) {
		return false
	}
	had := l.doomed[r.Name]
	delete(l.doomed, r.Name)
	delete(l.rejected, r.Name)
	return had != r && l.held[r.Name] != r.Version
}

// forget takes a name out of all that is still to be done.
func (l *lane) forget(name string) {
	if l.wants(name) {
		return
	}
	delete(l.doomed, name)
	delete(l.rejected, name)
}

// takeDoomed gives the names that are to be removed now.
func (l *lane) takeDoomed() []string {
	if len(l.doomed) == 0 {
		return nil
	}
	removed := sortedNames(l.doomed)
	l.doomed = nil
	return removed
}
