package identity

import "sync"

// Authority holds the CA in force and tells when another takes its place. The
// zero value holds none yet.
type Authority struct {
	mu      sync.Mutex
	ca      *CA
	changed chan struct{}
}

// Set puts a CA in force.
func (a *Authority) Set(ca *CA) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ca == ca {
		return
	}
	a.ca = ca
	if a.changed != nil {
		close(a.changed)
		a.changed = nil
	}
}

// CA is the one in force; nil before the first.
func (a *Authority) CA() *CA {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ca
}

// Changed is closed when another CA takes the place of the one in force.
func (a *Authority) Changed() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.changed == nil {
		a.changed = make(chan struct{})
	}
	return a.changed
}
