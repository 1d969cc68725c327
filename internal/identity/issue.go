package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/weft-mesh/weft/translators/model"
)

const (
	// DefaultLifetime is how long a certificate is valid.
	DefaultLifetime = time.Hour
	// maxCommonName is ub-common-name of RFC 5280, appendix A.1.
	maxCommonName = 64
	// PeerName is the DNS name in the certificates that replicas of the
	// controller show each other. No workload can have it: what theirs hold of
	// DNS ends in model.WorkloadDomain.
	PeerName = "replica.controller.weft.mesh"
)

// Subject is whom a workload's certificate is for.
type Subject struct {
	Identity model.Identity
	// PodName becomes the common name.
	PodName string
	// Workload is what the pod belongs to; it becomes the organizational unit
	// and the DNS name. None of either where it is unknown.
	Workload model.Workload
	// Lifetime is DefaultLifetime if zero.
	Lifetime time.Duration
}

// Certificate is a certificate with its key.
type Certificate struct {
	// Chain is the leaf, then the intermediates, in PEM.
	Chain []byte
	// Key is the private key, PKCS #8 in PEM.
	Key []byte
	// NotBefore is when it was issued; the certificate itself is valid a little
	// earlier, for peers whose clock is behind.
	NotBefore time.Time
	NotAfter  time.Time
}

// TLS is the certificate for the standard library.
func (c *Certificate) TLS() (*tls.Certificate, error) {
	pair, err := tls.X509KeyPair(c.Chain, c.Key)
	if err != nil {
		return nil, fmt.Errorf("read the certificate back: %w", err)
	}
	return &pair, nil
}

// Issue makes a workload's certificate and its key. Its only URI is the SPIFFE
// ID: whoever compares identities must find exactly one. The DNS name proves
// nothing and is dialled by nobody; it is what peers count by.
func (ca *CA) Issue(s Subject) (*Certificate, error) {
	if s.Identity.Namespace == "" || s.Identity.Name == "" {
		return nil, fmt.Errorf("issue for pod %s: the service account %q is incomplete", s.PodName, s.Identity)
	}
	id := &url.URL{Scheme: "spiffe", Host: ca.trustDomain, Path: "/ns/" + s.Identity.Namespace + "/sa/" + s.Identity.Name}
	name := pkix.Name{CommonName: commonName(s.PodName)}
	var dns []string
	if d := s.Workload.DNSName(s.Identity.Namespace); d != "" {
		name.OrganizationalUnit = []string{s.Workload.Kind + "/" + s.Workload.Name}
		dns = []string{d}
	}
	cert, err := ca.sign(&x509.Certificate{
		Subject:     name,
		URIs:        []*url.URL{id},
		DNSNames:    dns,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, s.Lifetime)
	if err != nil {
		return nil, fmt.Errorf("issue for pod %s of %s: %w", s.PodName, s.Identity, err)
	}
	return cert, nil
}

// IssueServer makes a certificate for a TLS server of the controller: xDS, webhooks.
func (ca *CA) IssueServer(lifetime time.Duration, dnsNames ...string) (*Certificate, error) {
	if len(dnsNames) == 0 {
		return nil, errors.New("issue for a server: no DNS name")
	}
	cert, err := ca.sign(&x509.Certificate{
		Subject:     pkix.Name{CommonName: commonName(dnsNames[0])},
		DNSNames:    dnsNames,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, lifetime)
	if err != nil {
		return nil, fmt.Errorf("issue for server %s: %w", dnsNames[0], err)
	}
	return cert, nil
}

// IssuePeer makes a certificate with which replicas of the controller know each
// other, as servers and as clients.
func (ca *CA) IssuePeer(lifetime time.Duration, podName string) (*Certificate, error) {
	cert, err := ca.sign(&x509.Certificate{
		Subject:     pkix.Name{CommonName: commonName(podName)},
		DNSNames:    []string{PeerName},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, lifetime)
	if err != nil {
		return nil, fmt.Errorf("issue for replica %s: %w", podName, err)
	}
	return cert, nil
}

// sign makes a key, and a certificate for it by a template.
func (ca *CA) sign(template *x509.Certificate, lifetime time.Duration) (*Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	cert, err := ca.certify(template, key.Public(), lifetime)
	if err != nil {
		return nil, err
	}
	if cert.Key, err = encodeKey(key); err != nil {
		return nil, err
	}
	return cert, nil
}

// certify completes a template and signs it for a key.
func (ca *CA) certify(template *x509.Certificate, key crypto.PublicKey, lifetime time.Duration) (_ *Certificate, err error) {
	if lifetime <= 0 {
		lifetime = DefaultLifetime
	}
	now := ca.clock.Now()
	if !now.Before(ca.cert.NotAfter) {
		return nil, fmt.Errorf("the CA's certificate has expired on %s", ca.cert.NotAfter.Format(time.RFC3339))
	}
	if template.SerialNumber, err = newSerial(); err != nil {
		return nil, err
	}
	template.NotBefore = latest(now.Add(-skew), ca.cert.NotBefore)
	template.NotAfter = earliest(now.Add(lifetime), ca.cert.NotAfter)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.BasicConstraintsValid = true
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, key, ca.key)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	chain := append(pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: der}), ca.chain...)
	return &Certificate{Chain: chain, NotBefore: now, NotAfter: template.NotAfter}, nil
}

// commonName cuts a name to what a certificate holds, between characters.
func commonName(s string) string {
	n := maxCommonName
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
