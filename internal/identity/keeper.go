package identity

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// Keeper holds a TLS certificate of the controller's own and renews it in time,
// when it is asked for: at half-life, or when another CA is in force.
type Keeper struct {
	authority *Authority
	clock     clock.PassiveClock
	issue     func(*CA) (*Certificate, error)

	mu      sync.Mutex
	by      *CA
	current *tls.Certificate
	renew   time.Time
	expires time.Time
}

// NewKeeper makes a keeper of the certificates that issue makes.
func NewKeeper(a *Authority, c clock.PassiveClock, issue func(*CA) (*Certificate, error)) *Keeper {
	return &Keeper{authority: a, clock: c, issue: issue}
}

// NewServerKeeper keeps a certificate for a server of these DNS names.
func NewServerKeeper(a *Authority, c clock.PassiveClock, dnsNames ...string) *Keeper {
	return NewKeeper(a, c, func(ca *CA) (*Certificate, error) { return ca.IssueServer(0, dnsNames...) })
}

// NewPeerKeeper keeps the certificate that this replica shows to the others.
func NewPeerKeeper(a *Authority, c clock.PassiveClock, podName string) *Keeper {
	return NewKeeper(a, c, func(ca *CA) (*Certificate, error) { return ca.IssuePeer(0, podName) })
}

// GetCertificate is for tls.Config.
func (k *Keeper) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return k.Certificate()
}

// GetClientCertificate is for tls.Config.
func (k *Keeper) GetClientCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return k.Certificate()
}

// Certificate is the one to show now. If it can't be renewed the old one is
// shown as long as it is valid.
func (k *Keeper) Certificate() (*tls.Certificate, error) {
	ca := k.authority.CA()
	if ca == nil {
		return nil, errors.New("no CA is in force yet")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.clock.Now()
	if k.current != nil && k.by == ca && now.Before(k.renew) {
		return k.current, nil
	}
	if err := k.replace(ca); err != nil {
		if k.current != nil && now.Before(k.expires) {
			return k.current, nil
		}
		return nil, err
	}
	return k.current, nil
}

func (k *Keeper) replace(ca *CA) error {
	cert, err := k.issue(ca)
	if err != nil {
		return err
	}
	pair, err := cert.TLS()
	if err != nil {
		return err
	}
	k.by, k.current, k.expires = ca, pair, cert.NotAfter
	k.renew = RenewAt(cert.NotBefore, cert.NotAfter, rand.Float64())
	return nil
}

// ServerTLS is the configuration of a server that anybody may call.
func (k *Keeper) ServerTLS() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: k.GetCertificate}
}

// PeerServerTLS is the configuration of a server that replicas alone may call.
// The roots are those in force at the time of the call.
func (k *Keeper) PeerServerTLS() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS13,
		GetCertificate: k.GetCertificate,
		ClientAuth:     tls.RequireAnyClientCert,
		// Tickets would skip the check of the roots in force.
		SessionTicketsDisabled: true,
		VerifyConnection:       k.verifyPeer(x509.ExtKeyUsageClientAuth),
	}
}

// PeerClientTLS is the configuration of a client that calls replicas.
func (k *Keeper) PeerClientTLS() *tls.Config {
	return &tls.Config{
		MinVersion:           tls.VersionTLS13,
		ServerName:           PeerName,
		GetClientCertificate: k.GetClientCertificate,
		// verifyPeer checks all, against roots that may change.
		InsecureSkipVerify: true,
		VerifyConnection:   k.verifyPeer(x509.ExtKeyUsageServerAuth),
	}
}

func (k *Keeper) verifyPeer(usage x509.ExtKeyUsage) func(tls.ConnectionState) error {
	return func(cs tls.ConnectionState) error {
		ca := k.authority.CA()
		if ca == nil || len(cs.PeerCertificates) == 0 {
			return errors.New("verify a replica: no certificate, or no CA is in force yet")
		}
		between := x509.NewCertPool()
		for _, c := range cs.PeerCertificates[1:] {
			between.AddCert(c)
		}
		_, err := cs.PeerCertificates[0].Verify(x509.VerifyOptions{
			Roots: ca.Roots().Pool(), Intermediates: between, DNSName: PeerName,
			CurrentTime: k.clock.Now(), KeyUsages: []x509.ExtKeyUsage{usage},
		})
		if err != nil {
			return fmt.Errorf("verify a replica: %w", err)
		}
		return nil
	}
}
