package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"time"

	"k8s.io/utils/clock"
)

// The keys of a Secret of type kubernetes.io/tls that holds a CA.
const (
	SecretCert  = "tls.crt"
	SecretKey   = "tls.key"
	SecretRoots = "ca.crt"
)

const (
	rootLifetime = 10 * 365 * 24 * time.Hour
	// skew is how far the clocks of two nodes may differ.
	skew = 5 * time.Minute
)

// Material is a CA as it is stored: all PEM.
type Material struct {
	// Cert is the signing certificate, then any intermediates up to the root.
	Cert []byte
	// Key is the private key of the first certificate.
	Key []byte
	// Roots are what proxies are to trust. Empty means the self-signed
	// certificate in Cert.
	Roots []byte
}

// MaterialOf reads the data of a kubernetes.io/tls Secret.
func MaterialOf(data map[string][]byte) Material {
	return Material{Cert: data[SecretCert], Key: data[SecretKey], Roots: data[SecretRoots]}
}

// Data is the material as the data of a kubernetes.io/tls Secret.
func (m Material) Data() map[string][]byte {
	return map[string][]byte{SecretCert: m.Cert, SecretKey: m.Key, SecretRoots: m.Roots}
}

// NewRoot makes a self-signed root with an ECDSA P-256 key.
func NewRoot(trustDomain string, c clock.PassiveClock) (Material, error) {
	if err := ValidateTrustDomain(trustDomain); err != nil {
		return Material{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Material{}, fmt.Errorf("make the root's key: %w", err)
	}
	serial, err := newSerial()
	if err != nil {
		return Material{}, err
	}
	now := c.Now()
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: commonName("weft root " + trustDomain), Organization: []string{"weft.mesh"}},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(rootLifetime),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return Material{}, fmt.Errorf("sign the root: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return Material{}, fmt.Errorf("read the root back: %w", err)
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return Material{}, err
	}
	certPEM := encodeCertificates(cert)
	return Material{Cert: certPEM, Key: keyPEM, Roots: certPEM}, nil
}

// CA signs certificates. It is immutable; a changed Secret makes a new one.
type CA struct {
	trustDomain string
	clock       clock.PassiveClock
	cert        *x509.Certificate
	key         crypto.Signer
	// chain is what is sent after a leaf: signer and intermediates, no root.
	chain       []byte
	roots       *Bundle
	fingerprint string
}

// Load makes a CA of stored material, and says clearly what is wrong with it.
func Load(trustDomain string, m Material, c clock.PassiveClock) (*CA, error) {
	if err := ValidateTrustDomain(trustDomain); err != nil {
		return nil, err
	}
	certs, err := parseCertificates(m.Cert)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", SecretCert, err)
	}
	key, err := parseKey(m.Key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", SecretKey, err)
	}
	if err := checkSigner(certs[0], key, c.Now()); err != nil {
		return nil, fmt.Errorf("%s: %w", SecretCert, err)
	}
	roots, err := rootsOf(m, certs)
	if err != nil {
		return nil, err
	}
	if err := checkChain(certs, roots, c.Now()); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(certs[0].Raw)
	return &CA{
		trustDomain: trustDomain, clock: c, cert: certs[0], key: key, roots: roots,
		chain: encodeCertificates(withoutRoots(certs)...), fingerprint: hex.EncodeToString(sum[:8]),
	}, nil
}

// checkSigner tells whether a certificate can sign others with a key.
func checkSigner(cert *x509.Certificate, key crypto.Signer, now time.Time) error {
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	switch {
	case !ok || !public.Equal(cert.PublicKey):
		return fmt.Errorf("%s is not the key of the first certificate (%s)", SecretKey, cert.Subject)
	case !cert.BasicConstraintsValid || !cert.IsCA:
		return fmt.Errorf("the first certificate (%s) is not of an authority (CA:TRUE is missing)", cert.Subject)
	case cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageCertSign == 0:
		return fmt.Errorf("the first certificate (%s) may not sign certificates (key usage keyCertSign is missing)", cert.Subject)
	case now.Before(cert.NotBefore):
		return fmt.Errorf("the first certificate (%s) is valid only from %s on", cert.Subject, cert.NotBefore.Format(time.RFC3339))
	case !now.Before(cert.NotAfter):
		return fmt.Errorf("the first certificate (%s) has expired on %s", cert.Subject, cert.NotAfter.Format(time.RFC3339))
	}
	return nil
}

func rootsOf(m Material, certs []*x509.Certificate) (*Bundle, error) {
	if len(m.Roots) > 0 {
		b, err := ParseBundle(m.Roots)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", SecretRoots, err)
		}
		return b, nil
	}
	for _, c := range certs {
		if selfSigned(c) {
			return newBundle([]*x509.Certificate{c})
		}
	}
	return nil, fmt.Errorf("%s is missing, and %s holds no self-signed root", SecretRoots, SecretCert)
}

// checkChain tells whether peers that trust the roots will accept what the
// first certificate signs.
func checkChain(certs []*x509.Certificate, roots *Bundle, now time.Time) error {
	between := x509.NewCertPool()
	for _, c := range certs[1:] {
		between.AddCert(c)
	}
	_, err := certs[0].Verify(x509.VerifyOptions{
		Roots: roots.Pool(), Intermediates: between, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return fmt.Errorf("%s: the first certificate (%s) does not lead to a root of %s: %w", SecretCert, certs[0].Subject, SecretRoots, err)
	}
	return nil
}

func selfSigned(c *x509.Certificate) bool {
	return string(c.RawIssuer) == string(c.RawSubject) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

func withoutRoots(certs []*x509.Certificate) []*x509.Certificate {
	var out []*x509.Certificate
	for _, c := range certs {
		if !selfSigned(c) {
			out = append(out, c)
		}
	}
	return out
}

// TrustDomain is the SPIFFE trust domain that the CA speaks for.
func (ca *CA) TrustDomain() string { return ca.trustDomain }

// Roots are what peers have to trust.
func (ca *CA) Roots() *Bundle { return ca.roots }

// NotAfter is when the signing certificate expires.
func (ca *CA) NotAfter() time.Time { return ca.cert.NotAfter }

// Fingerprint names the signing certificate in few characters.
func (ca *CA) Fingerprint() string { return ca.fingerprint }

var serialLimit = new(big.Int).Lsh(big.NewInt(1), 127)

func newSerial() (*big.Int, error) {
	n, err := rand.Int(rand.Reader, serialLimit)
	if err != nil {
		return nil, errors.Join(errors.New("make a serial number"), err)
	}
	return n, nil
}
