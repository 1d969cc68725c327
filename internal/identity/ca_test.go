package identity

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weft-mesh/weft/translators/model"
)

// Trap 64: valid from a little before now, for clocks that differ.
func TestIssue(t *testing.T) {
	clk := newClock()
	ca := newCA(t, clk)
	cert, err := ca.Issue(Subject{
		Identity: model.Identity{Namespace: "shop", Name: "web"}, PodName: "web-1", Workload: model.Workload{Kind: "deployments", Name: "web"}, Lifetime: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cert.TLS(); err != nil {
		t.Error(err)
	}
	c := firstCert(t, cert.Chain)
	if len(c.URIs) != 1 || c.URIs[0].String() != "spiffe://td.local/ns/shop/sa/web" || len(c.IPAddresses)+len(c.EmailAddresses) != 0 ||
		!slices.Equal(c.DNSNames, []string{"web.deployments.shop.workload.weft.mesh"}) {
		t.Errorf("names: %v %v %v %v", c.URIs, c.DNSNames, c.IPAddresses, c.EmailAddresses)
	}
	if c.Subject.CommonName != "web-1" || !slices.Equal(c.Subject.OrganizationalUnit, []string{"deployments/web"}) {
		t.Errorf("subject %v", c.Subject)
	}
	if c.IsCA || c.KeyUsage != x509.KeyUsageDigitalSignature {
		t.Errorf("CA %v, usage %v", c.IsCA, c.KeyUsage)
	}
	if !c.NotBefore.Equal(epoch.Add(-skew)) || !c.NotAfter.Equal(epoch.Add(time.Minute)) || !cert.NotBefore.Equal(epoch) {
		t.Errorf("valid from %v (issued %v) to %v", c.NotBefore, cert.NotBefore, c.NotAfter)
	}
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth} {
		if _, err := c.Verify(x509.VerifyOptions{Roots: ca.Roots().Pool(), CurrentTime: epoch, KeyUsages: []x509.ExtKeyUsage{usage}}); err != nil {
			t.Errorf("usage %v: %v", usage, err)
		}
	}
}

func TestIssueNeverReusesKeyOrSerial(t *testing.T) {
	ca := newCA(t, newClock())
	s := Subject{Identity: model.Identity{Namespace: "shop", Name: "web"}, PodName: "web-1"}
	a, err := ca.Issue(s)
	if err != nil {
		t.Fatal(err)
	}
	b, err := ca.Issue(s)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(a.Key, b.Key) || firstCert(t, a.Chain).SerialNumber.Cmp(firstCert(t, b.Chain).SerialNumber) == 0 {
		t.Error("two certificates share a key or a serial number")
	}
}

func TestIssueRefuses(t *testing.T) {
	clk := newClock()
	ca := newCA(t, clk)
	for _, id := range []model.Identity{{}, {Namespace: "shop"}, {Name: "web"}} {
		if _, err := ca.Issue(Subject{Identity: id, PodName: "web-1"}); err == nil {
			t.Errorf("issued for %q", id)
		}
	}
	if _, err := ca.IssueServer(0); err == nil {
		t.Error("issued for a server without a name")
	}
	clk.Step(rootLifetime)
	if _, err := ca.IssueServer(0, "x"); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("after the CA's end: %v", err)
	}
}

func TestIssueStaysWithinTheCA(t *testing.T) {
	clk := newClock()
	ca := newCA(t, clk)
	clk.SetTime(ca.NotAfter().Add(-time.Minute))
	cert, err := ca.IssueServer(time.Hour, "x")
	if err != nil {
		t.Fatal(err)
	}
	if !cert.NotAfter.Equal(ca.NotAfter()) {
		t.Errorf("valid until %v, the CA until %v", cert.NotAfter, ca.NotAfter())
	}
}

func TestLongPodName(t *testing.T) {
	ca := newCA(t, newClock())
	name := strings.Repeat("x", 63) + "é-1"
	cert, err := ca.Issue(Subject{Identity: model.Identity{Namespace: "shop", Name: "web"}, PodName: name})
	if err != nil {
		t.Fatal(err)
	}
	if got := firstCert(t, cert.Chain).Subject.CommonName; got != strings.Repeat("x", 63) {
		t.Errorf("common name %q", got)
	}
}

func TestLoad(t *testing.T) {
	clk := newClock()
	root, other := newRoot(t, clk), newRoot(t, clk)
	leaf := signedBy(t, root, func(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, x509.KeyUsageDigitalSignature })
	noSign := signedBy(t, root, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign })
	expired := signedBy(t, root, func(c *x509.Certificate) { c.NotAfter = epoch })
	early := signedBy(t, root, func(c *x509.Certificate) { c.NotBefore = epoch.Add(time.Minute) })
	middle := signedBy(t, root, nil)
	for _, c := range []struct {
		name string
		m    Material
		want string // part of the error; empty means it loads
	}{
		{"root", root, ""},
		{"root without ca.crt", Material{Cert: root.Cert, Key: root.Key}, ""},
		{"intermediate", middle, ""},
		{"intermediate with its root", Material{Cert: join(middle.Cert, root.Cert), Key: middle.Key}, ""},
		{"several roots", Material{Cert: root.Cert, Key: root.Key, Roots: join(other.Cert, root.Cert)}, ""},
		{"text around PEM", Material{Cert: join([]byte("# mine\n"), root.Cert), Key: join([]byte("\n"), root.Key)}, ""},
		{"nothing", Material{}, "tls.crt: no PEM certificate"},
		{"no key", Material{Cert: root.Cert}, "tls.key: no PEM key"},
		{"key in the certificate", Material{Cert: root.Key, Key: root.Key}, `"PRIVATE KEY", not a CERTIFICATE`},
		{"certificate in the key", Material{Cert: root.Cert, Key: root.Cert}, "is not a private key"},
		{"another's key", Material{Cert: root.Cert, Key: other.Key}, "tls.key is not the key of the first certificate"},
		{"leaf", leaf, "CA:TRUE is missing"},
		{"may not sign", noSign, "keyCertSign"},
		{"expired", expired, "has expired on 2026-01-02T03:04:05Z"},
		{"not yet valid", early, "valid only from"},
		{"no root", Material{Cert: middle.Cert, Key: middle.Key}, "ca.crt is missing"},
		{"another root", Material{Cert: middle.Cert, Key: middle.Key, Roots: other.Cert}, "does not lead to a root"},
		{"leaf as root", Material{Cert: root.Cert, Key: root.Key, Roots: leaf.Cert}, "ca.crt: certificate 1"},
		{"cut off", Material{Cert: join(root.Cert, root.Cert[:100]), Key: root.Key}, "broken PEM after 1"},
		{"huge", Material{Cert: bytes.Repeat([]byte("x"), maxPEM+1), Key: root.Key}, "too many"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ca, err := Load("td.local", c.m, clk)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			verifyIssued(t, ca)
		})
	}
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// verifyIssued tells whether peers that trust the roots accept what a CA issues.
func verifyIssued(t *testing.T, ca *CA) {
	t.Helper()
	cert, err := ca.Issue(Subject{Identity: model.Identity{Namespace: "shop", Name: "web"}, PodName: "web-1"})
	if err != nil {
		t.Fatal(err)
	}
	chain, err := parseCertificates(cert.Chain)
	if err != nil {
		t.Fatal(err)
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		if selfSigned(c) {
			t.Error("a root is in the chain")
		}
		between.AddCert(c)
	}
	if _, err := chain[0].Verify(x509.VerifyOptions{Roots: ca.Roots().Pool(), Intermediates: between, CurrentTime: epoch}); err != nil {
		t.Error(err)
	}
}

func TestTrustDomain(t *testing.T) {
	for td, ok := range map[string]bool{
		"cluster.local": true, "a_b-c.9": true, "": false, "Upper": false, "a/b": false, "a b": false, "a:1": false,
		strings.Repeat("x", 255): true, strings.Repeat("x", 256): false,
	} {
		if err := ValidateTrustDomain(td); (err == nil) != ok {
			t.Errorf("%q: %v", td, err)
		}
		if _, err := NewRoot(td, newClock()); (err == nil) != ok {
			t.Errorf("root of %q: %v", td, err)
		}
	}
}

func TestMaterialSurvivesASecret(t *testing.T) {
	clk := newClock()
	m := newRoot(t, clk)
	ca := load(t, MaterialOf(m.Data()), clk)
	if ca.Fingerprint() != load(t, m, clk).Fingerprint() {
		t.Error("another CA came back")
	}
}

// Trap 64: several roots are one bundle.
func TestBundleCountsARootOnce(t *testing.T) {
	a, b := newRoot(t, newClock()), newRoot(t, newClock())
	bundle, err := ParseBundle(join(a.Cert, b.Cert, a.Cert))
	if err != nil {
		t.Fatal(err)
	}
	if bundle.Len() != 2 || !bytes.Equal(bundle.PEM(), join(a.Cert, b.Cert)) {
		t.Errorf("%d roots:\n%s", bundle.Len(), bundle.PEM())
	}
}

// Trap 64: while a root goes and another comes, either side trusts what either
// of them signed.
func TestTwoRootsTrustEachOthersCertificates(t *testing.T) {
	clk := newClock()
	old, next := newRoot(t, clk), newRoot(t, clk)
	both := join(next.Cert, old.Cert)
	before := load(t, Material{Cert: old.Cert, Key: old.Key, Roots: both}, clk)
	after := load(t, Material{Cert: next.Cert, Key: next.Key, Roots: both}, clk)
	for _, signer := range []*CA{before, after} {
		cert, err := signer.Issue(Subject{Identity: model.Identity{Namespace: "shop", Name: "web"}, PodName: "web-1"})
		if err != nil {
			t.Fatal(err)
		}
		for _, truster := range []*CA{before, after} {
			if _, err := firstCert(t, cert.Chain).Verify(x509.VerifyOptions{Roots: truster.Roots().Pool(), CurrentTime: epoch}); err != nil {
				t.Error(err)
			}
		}
	}
}

// Trap 64: renewals are spread.
func TestRenewAt(t *testing.T) {
	to := epoch.Add(time.Hour)
	for random, want := range map[float64]time.Duration{0: 30 * time.Minute, 0.5: 27 * time.Minute, 1: 24 * time.Minute} {
		if got := RenewAt(epoch, to, random).Sub(epoch); got != want {
			t.Errorf("random %v: after %v, want %v", random, got, want)
		}
	}
	if got := RenewAt(epoch, epoch.Add(-time.Hour), 0.5); !got.Equal(epoch) {
		t.Errorf("a life that ends before it begins is renewed at %v", got)
	}
}

func FuzzLoad(f *testing.F) {
	clk := newClock()
	root := newRoot(f, clk)
	f.Add(root.Cert, root.Key, root.Roots)
	f.Add(root.Cert[:200], root.Key[:50], []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Add([]byte("-----BEGIN RSA PRIVATE KEY-----\n\n-----END RSA PRIVATE KEY-----\n"), []byte("-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n"), []byte{})
	f.Fuzz(func(t *testing.T, cert, key, roots []byte) {
		ca, err := Load("td.local", Material{Cert: cert, Key: key, Roots: roots}, clk)
		if err == nil {
			verifyIssued(t, ca)
		}
	})
}

// BenchmarkIssue is what a workload's certificate costs one core: with its key,
// as weft makes it, and for a key that is there.
func BenchmarkIssue(b *testing.B) {
	ca := newCA(b, newClock())
	s := Subject{Identity: model.Identity{Namespace: "shop", Name: "web"}, PodName: "web-6d4b75cb6d-x2x9q", Workload: model.Workload{Kind: "deployments", Name: "web"}}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	for kind, issue := range map[string]func() (*Certificate, error){
		"key-and-certificate": func() (*Certificate, error) { return ca.Issue(s) },
		"certificate":         func() (*Certificate, error) { return ca.certify(&x509.Certificate{}, key.Public(), 0) },
	} {
		b.Run("kind="+kind, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := issue(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "certs/s")
		})
	}
}
