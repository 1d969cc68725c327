package metricsapi

import (
	"crypto/tls"
	"fmt"
	"sync"

	"k8s.io/apiserver/pkg/server/dynamiccertificates"
)

// Certificate is the one that the API is served with, which may change.
type Certificate struct {
	mu        sync.Mutex
	cert, key []byte
	listeners []dynamiccertificates.Listener
}

var _ dynamiccertificates.CertKeyContentProvider = &Certificate{}

// NewCertificate begins with one, in PEM.
func NewCertificate(cert, key []byte) *Certificate { return &Certificate{cert: cert, key: key} }

// Set shows another one from the next connection on. One that makes no sense is
// not taken.
func (c *Certificate) Set(cert, key []byte) error {
	if _, err := tls.X509KeyPair(cert, key); err != nil {
		return fmt.Errorf("take another serving certificate: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cert, c.key = cert, key
	for _, l := range c.listeners {
		l.Enqueue()
	}
	return nil
}

// Name is for logs.
func (c *Certificate) Name() string { return "serving certificate" }

// CurrentCertKeyContent is the one to show now.
func (c *Certificate) CurrentCertKeyContent() (cert, key []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cert, c.key
}

// AddListener has somebody told of changes.
func (c *Certificate) AddListener(l dynamiccertificates.Listener) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners = append(c.listeners, l)
}
