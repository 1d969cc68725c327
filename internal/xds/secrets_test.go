package xds

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"testing"
	"time"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"

	"github.com/weft-mesh/weft/internal/identity"
)

// leafOf reads the certificate of a response.
func leafOf(t *testing.T, r *discoveryv3.DeltaDiscoveryResponse) *x509.Certificate {
	t.Helper()
	var s tlsv3.Secret
	if err := r.GetResources()[0].GetResource().UnmarshalTo(&s); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(s.GetTlsCertificate().GetCertificateChain().GetInlineBytes())
	if block == nil {
		t.Fatal("no certificate")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Trap 61: a certificate is that of the proven pod, whatever the proxy calls itself.
func TestWorkloadSecretIsOfTheProvenPod(t *testing.T) {
	w := newWorld(t, snap("", "", "", "", ""))
	p := w.connect("shop/web-1/web")
	p.subscribe(Secret, WorkloadSecret)
	r := p.expect("SDS +workload")
	c := leafOf(t, r)
	if len(c.URIs) != 1 || c.URIs[0].String() != "spiffe://td.local/ns/shop/sa/web" {
		t.Errorf("names %v", c.URIs)
	}
	if c.Subject.CommonName != "web-1" || c.Subject.OrganizationalUnit[0] != "deployments/web" {
		t.Errorf("subject %v", c.Subject)
	}
	p.ack(r)
	p.subscribe(Secret, RootsSecret, "spiffe://td.local/ns/shop/sa/other")
	p.expectACK("SDS +roots")
	p.expectACK("SDS -spiffe://td.local/ns/shop/sa/other")
}

func TestWorkloadSecretIsRenewed(t *testing.T) {
	w := newWorld(t, snap("", "", "", "", ""))
	p := w.connect("shop/web-1/web")
	p.subscribe(Secret, WorkloadSecret)
	r := p.expect("SDS +workload")
	first := leafOf(t, r)
	p.ack(r)
	w.clock.Step(23 * time.Minute) // before half of an hour less a tenth of it
	p.quiet()
	w.clock.Step(8 * time.Minute)
	r = p.expect("SDS +workload")
	p.ack(r)
	second := leafOf(t, r)
	if second.SerialNumber.Cmp(first.SerialNumber) == 0 || !second.NotAfter.After(first.NotAfter) {
		t.Error("the certificate is the old one")
	}
	w.clock.Step(31 * time.Minute)
	p.expectACK("SDS +workload")
	p.unsubscribe(Secret, WorkloadSecret)
	p.quiet()
	w.clock.Step(31 * time.Minute)
	p.quiet()
}

func TestShorterLifeTakesEffectWithoutAReconnect(t *testing.T) {
	w := newWorld(t, snap("", "", "", "", ""))
	p := w.connect("shop/web-1/web")
	p.subscribe(Secret, WorkloadSecret, RootsSecret)
	p.expectACK("SDS +workload")
	p.expectACK("SDS +roots")
	w.authority.SetLifetime(time.Minute)
	// The stream learns of it in its own time: step until it has.
	r := w.stepUntil(p, time.Second)
	p.ack(r)
	c := leafOf(t, r)
	if life := c.NotAfter.Sub(w.clock.Now()); life > time.Minute {
		t.Errorf("valid for %v", life)
	}
	w.clock.Step(31 * time.Second)
	p.expectACK("SDS +workload")
}

// stepUntil moves the clock on until a response comes.
func (w *world) stepUntil(p *proxy, by time.Duration) *discoveryv3.DeltaDiscoveryResponse {
	w.t.Helper()
	for range 100_000 {
		w.clock.Step(by)
		p.barriers++
		p.subscribe(Secret, "barrier")
		if r := p.next(); brief(r) != "SDS -barrier" {
			p.expectACK("SDS -barrier")
			return r
		}
	}
	w.t.Fatal("no response")
	return nil
}

// Trap 64: a new CA reaches every proxy at once, roots before certificates.
func TestAnotherCA(t *testing.T) {
	w := newWorld(t, snap("", "", "", "", ""))
	p := w.connect("shop/web-1/web")
	p.subscribe(Secret, RootsSecret, WorkloadSecret)
	p.expectACK("SDS +roots")
	p.expectACK("SDS +workload")
	ca := newCA(t, w.clock)
	w.authority.Set(ca)
	p.expectACK("SDS +roots")
	r := w.stepUntil(p, time.Second)
	if err := leafOf(t, r).CheckSignatureFrom(rootOf(t, ca)); err != nil {
		t.Errorf("not signed by the new CA: %v", err)
	}
}

func rootOf(t *testing.T, ca *identity.CA) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(ca.Roots().PEM())
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestReconnectKeepsTheCertificate(t *testing.T) {
	w := newWorld(t, snap("", "", "", "", ""))
	first := w.connect("shop/web-1/web")
	first.subscribe(Secret, WorkloadSecret, RootsSecret)
	first.expectACK("SDS +workload")
	first.expectACK("SDS +roots")
	p := w.again(first, "shop/web-1/web")
	p.resume(Secret, p.state[Secret], WorkloadSecret, RootsSecret)
	p.quiet()
	w.clock.Step(31 * time.Minute)
	p.expectACK("SDS +workload")

	other := w.connect("shop/web-2/web")
	other.resume(Secret, p.state[Secret], WorkloadSecret)
	other.expectACK("SDS +workload") // another pod's version is worth nothing
}

func TestNoCAYet(t *testing.T) {
	w := newWorld(t, snap("a", "", "", "", ""))
	w.authority.Set(nil)
	p := w.connect("shop/web-1/web")
	p.subscribe(Secret, WorkloadSecret, RootsSecret)
	p.quiet()
	p.subscribe(Cluster)
	p.expectACK("CDS +a")
	w.authority.Set(newCA(t, w.clock))
	p.expectACK("SDS +roots")
	if r := w.stepUntil(p, time.Second); brief(r) != "SDS +workload" {
		t.Errorf("got %s", brief(r))
	}
}

func TestLeafVersion(t *testing.T) {
	for _, bad := range []string{"", "a", "a.b", "..", "!.b.c", "b.a.c", "a.b.c.d"} {
		if _, ok := parseLeafVersion(bad); ok {
			t.Errorf("%q was taken for a version", bad)
		}
	}
	v := leafVersion{notBefore: time.UnixMilli(1000), notAfter: time.UnixMilli(5000), terms: "t"}
	got, ok := parseLeafVersion(v.String())
	if !ok || !got.notBefore.Equal(v.notBefore) || !got.notAfter.Equal(v.notAfter) || got.terms != v.terms {
		t.Errorf("%q became %v", v, got)
	}
}

func FuzzLeafVersion(f *testing.F) {
	f.Add("abc.def.terms")
	f.Fuzz(func(_ *testing.T, s string) {
		if v, ok := parseLeafVersion(s); ok {
			v.renew()
		}
	})
}

var errIssue = errors.New("the key is away")

// failing fails to issue as long as it is set.
type failing struct {
	Secrets
	fail chan struct{}
}

func (f *failing) Workload(p identity.Peer) (Leaf, error) {
	select {
	case <-f.fail:
		return Leaf{}, errIssue
	default:
		return f.Secrets.Workload(p)
	}
}

func TestFailedRenewalIsTriedAgain(t *testing.T) {
	f := &failing{fail: make(chan struct{}, 1)}
	w := newWorld(t, snap("", "", "", "", ""), func(o *Options) { f.Secrets, o.Secrets = o.Secrets, f })
	p := w.connect("shop/web-1/web")
	f.fail <- struct{}{}
	p.subscribe(Secret, WorkloadSecret)
	p.quiet()
	w.clock.Step(retrySecret)
	p.expectACK("SDS +workload")
}
