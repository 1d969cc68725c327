package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
)

// Derive makes a secret for a purpose that every holder of the CA's key comes
// to, and nobody else (HKDF's extract step, RFC 5869, 2.2). It tells nothing of
// the key.
func (ca *CA) Derive(purpose string) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(ca.key)
	if err != nil {
		return nil, fmt.Errorf("derive a secret for %s: %w", purpose, err)
	}
	mac := hmac.New(sha256.New, der)
	mac.Write([]byte(purpose))
	return mac.Sum(nil), nil
}
