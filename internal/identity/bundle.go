package identity

import (
	"crypto/x509"
	"fmt"
	"time"
)

// Bundle is the set of roots that are trusted. There are several while a root
// is being replaced: both are trusted before the new one signs.
type Bundle struct {
	certs []*x509.Certificate
	pem   []byte
}

// ParseBundle reads a bundle; a root that is given twice counts once.
func ParseBundle(text []byte) (*Bundle, error) {
	all, err := parseCertificates(text)
	if err != nil {
		return nil, err
	}
	return newBundle(all)
}

func newBundle(all []*x509.Certificate) (*Bundle, error) {
	b := &Bundle{}
	seen := map[string]bool{}
	for i, c := range all {
		if !c.IsCA {
			return nil, fmt.Errorf("certificate %d (%s) is not of an authority (CA:TRUE is missing)", i+1, c.Subject)
		}
		if !seen[string(c.Raw)] {
			seen[string(c.Raw)] = true
			b.certs = append(b.certs, c)
		}
	}
	b.pem = encodeCertificates(b.certs...)
	return b, nil
}

// PEM is the bundle as text: certificates alone, in the order given.
func (b *Bundle) PEM() []byte { return b.pem }

// Len counts the roots.
func (b *Bundle) Len() int { return len(b.certs) }

// Pool is the bundle for the standard library.
func (b *Bundle) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range b.certs {
		pool.AddCert(c)
	}
	return pool
}

// NotAfter is when the last of the roots expires.
func (b *Bundle) NotAfter() time.Time {
	var last time.Time
	for _, c := range b.certs {
		if c.NotAfter.After(last) {
			last = c.NotAfter
		}
	}
	return last
}
