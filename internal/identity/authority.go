package identity

import (
	"sync"
	"time"
)

// Authority holds the CA in force and how long its certificates live, and tells
// when either changes. The zero value holds no CA yet.
type Authority struct {
	mu       sync.Mutex
	ca       *CA
	lifetime time.Duration
	changed  chan struct{}
}

// Set puts a CA in force.
func (a *Authority) Set(ca *CA) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ca != ca {
		a.ca = ca
		a.signal()
	}
}

// SetLifetime changes how long the certificates of workloads are valid; zero
// means DefaultLifetime.
func (a *Authority) SetLifetime(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.lifetime != d {
		a.lifetime = d
		a.signal()
	}
}

func (a *Authority) signal() {
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

// Lifetime is how long the certificates of workloads are valid.
func (a *Authority) Lifetime() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.lifetime <= 0 {
		return DefaultLifetime
	}
	return a.lifetime
}

// Changed is closed at the next change. Ask for it before the values, or a
// change in between is missed.
func (a *Authority) Changed() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.changed == nil {
		a.changed = make(chan struct{})
	}
	return a.changed
}
