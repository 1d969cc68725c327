package main

import (
	"crypto/tls"
	"crypto/x509"
	"testing"
)

func TestIssuedCertificatesServeTheirNamesAndNoOthers(t *testing.T) {
	pki, err := newClusterPKI()
	if err != nil {
		t.Fatal(err)
	}
	pair := pki.pairs["apiserver"]
	if _, err := tls.X509KeyPair(pair.Cert, pair.Key); err != nil {
		t.Fatalf("key and certificate do not match: %v", err)
	}
	cert, err := x509.ParseCertificate(mustBlock(pair.Cert))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pki.ca.Cert)
	for name, good := range map[string]bool{
		"kubernetes.default.svc": true, "127.0.0.1": true, nodeAddress: true, apiAddress: true,
		"example.com": false, dnsAddress: false,
	} {
		_, err := cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: name})
		if (err == nil) != good {
			t.Errorf("verify for %s: %v, want success %t", name, err, good)
		}
	}
	other := x509.NewCertPool()
	other.AppendCertsFromPEM(pki.frontCA.Cert)
	if _, err := cert.Verify(x509.VerifyOptions{Roots: other}); err == nil {
		t.Error("the certificate verifies against another authority")
	}
}

func TestClientsAreWhoTheAPIServerTakesThemFor(t *testing.T) {
	pki, err := newClusterPKI()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range clients {
		cert, err := x509.ParseCertificate(mustBlock(pki.pairs[name].Cert))
		if err != nil {
			t.Fatal(err)
		}
		if cert.Subject.CommonName != want.CommonName {
			t.Errorf("%s is %q, want %q", name, cert.Subject.CommonName, want.CommonName)
		}
		if got := cert.Subject.Organization; want.Organization != "" && (len(got) != 1 || got[0] != want.Organization) {
			t.Errorf("%s is of %q, want %q", name, got, want.Organization)
		}
	}
}
