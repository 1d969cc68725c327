package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func newClock() *clocktesting.FakeClock { return clocktesting.NewFakeClock(epoch) }

func newRoot(t testing.TB, clk *clocktesting.FakeClock) Material {
	t.Helper()
	m, err := NewRoot("td.local", clk)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func load(t testing.TB, m Material, clk *clocktesting.FakeClock) *CA {
	t.Helper()
	ca, err := Load("td.local", m, clk)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func newCA(t testing.TB, clk *clocktesting.FakeClock) *CA {
	t.Helper()
	return load(t, newRoot(t, clk), clk)
}

func firstCert(t testing.TB, text []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatal("no PEM")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// signedBy makes a certificate of another authority, changed as a case wants.
func signedBy(t testing.TB, by Material, change func(*x509.Certificate)) Material {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "intermediate"},
		NotBefore: epoch.Add(-time.Hour), NotAfter: epoch.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
	}
	if change != nil {
		change(template)
	}
	signer, err := parseKey(by.Key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, firstCert(t, by.Cert), key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return Material{Cert: pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: der}), Key: keyPEM, Roots: by.Roots}
}
