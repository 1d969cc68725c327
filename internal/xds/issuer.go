package xds

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
)

// IssuerOptions are what an Issuer needs.
type IssuerOptions struct {
	Authority *identity.Authority
	Clock     clock.PassiveClock
	// WorkloadOf tells what a pod belongs to; zero if unknown.
	WorkloadOf func(identity.Peer) model.Workload
}

// Issuer is the Secrets of a CA.
type Issuer struct {
	options IssuerOptions

	mu      sync.Mutex
	roots   *Resource
	rootsBy *identity.CA
}

var _ Secrets = (*Issuer)(nil)

// NewIssuer makes an issuer of the authority's certificates.
func NewIssuer(o IssuerOptions) (*Issuer, error) {
	if o.Authority == nil {
		return nil, errors.New("issuer: an Authority is needed")
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.WorkloadOf == nil {
		o.WorkloadOf = func(identity.Peer) model.Workload { return model.Workload{} }
	}
	return &Issuer{options: o}, nil
}

// Changed is closed when the CA or the lifetime changes.
func (i *Issuer) Changed() <-chan struct{} { return i.options.Authority.Changed() }

// Workload issues a certificate.
func (i *Issuer) Workload(peer identity.Peer) (Leaf, error) {
	ca := i.options.Authority.CA()
	if ca == nil {
		return Leaf{}, errors.New("no CA is in force yet")
	}
	workload := i.options.WorkloadOf(peer)
	cert, err := ca.Issue(identity.Subject{
		Identity: peer.ServiceAccount, PodName: peer.Pod.Name, Workload: workload, Lifetime: i.options.Authority.Lifetime(),
	})
	if err != nil {
		return Leaf{}, err
	}
	v := leafVersion{notBefore: cert.NotBefore, notAfter: cert.NotAfter, terms: termsOf(ca, peer, workload)}
	m := envoy.BuildWorkloadSecret(cert.Chain, cert.Key)
	b, err := deterministic.Marshal(m)
	if err != nil {
		return Leaf{}, fmt.Errorf("encode the certificate of pod %s: %w", peer.Pod, err)
	}
	r := newResource(WorkloadSecret, v.String(), Secret.URL(), b)
	return Leaf{Secret: r, Version: r.Version, Renew: v.renew()}, nil
}

// Held tells whether a proxy that connects anew can go on with what it has. The
// version says enough; a proxy that lies about it harms itself alone.
func (i *Issuer) Held(peer identity.Peer, version string) (Leaf, bool) {
	v, ok := parseLeafVersion(version)
	ca := i.options.Authority.CA()
	if !ok || ca == nil || v.terms != termsOf(ca, peer, i.options.WorkloadOf(peer)) {
		return Leaf{}, false
	}
	l := Leaf{Version: version, Renew: v.renew()}
	return l, i.options.Clock.Now().Before(l.Renew)
}

// maxSpread bounds the time over which a fleet's certificates are replaced when
// their terms have changed.
const maxSpread = 30 * time.Second

// Due is when a certificate is to be replaced: soon, if the CA is another or
// lives are to be shorter, but not for all pods at once.
func (i *Issuer) Due(peer identity.Peer, l Leaf) time.Time {
	v, ok := parseLeafVersion(l.Version)
	ca := i.options.Authority.CA()
	if ca == nil {
		return l.Renew
	}
	lifetime := i.options.Authority.Lifetime()
	if ok && v.terms == termsOf(ca, peer, i.options.WorkloadOf(peer)) && v.notAfter.Sub(v.notBefore) <= lifetime+time.Second {
		return l.Renew
	}
	spread := min(lifetime/10, maxSpread)
	soon := i.options.Clock.Now().Add(time.Duration(rand.Float64() * float64(spread)))
	if soon.Before(l.Renew) {
		return soon
	}
	return l.Renew
}

// Roots are encoded once for each CA.
func (i *Issuer) Roots() *Resource {
	ca := i.options.Authority.CA()
	i.mu.Lock()
	defer i.mu.Unlock()
	if ca == nil || ca == i.rootsBy {
		return i.roots
	}
	r, err := NewResource(RootsSecret, envoy.BuildRootsSecret(ca.TrustDomain(), ca.Roots().PEM()))
	if err != nil {
		return i.roots
	}
	// A CA that was read anew with the same roots changes nothing for proxies.
	if i.roots == nil || i.roots.Version != r.Version {
		i.roots = r
	}
	i.rootsBy = ca
	return i.roots
}

// leafVersion is the version of a workload's secret. It says what is needed to
// go on with it after a reconnect to a server that did not issue it.
type leafVersion struct {
	notBefore, notAfter time.Time
	terms               string
}

func (v leafVersion) String() string {
	return strconv.FormatInt(v.notBefore.UnixMilli(), 36) + "." + strconv.FormatInt(v.notAfter.UnixMilli(), 36) + "." + v.terms
}

func (v leafVersion) renew() time.Time {
	return identity.RenewAt(v.notBefore, v.notAfter, rand.Float64())
}

func parseLeafVersion(s string) (leafVersion, bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return leafVersion{}, false
	}
	from, err1 := strconv.ParseInt(parts[0], 36, 64)
	to, err2 := strconv.ParseInt(parts[1], 36, 64)
	if err1 != nil || err2 != nil || to <= from {
		return leafVersion{}, false
	}
	return leafVersion{notBefore: time.UnixMilli(from), notAfter: time.UnixMilli(to), terms: parts[2]}, true
}

// termsOf names what a certificate says besides its time, and who signed it.
func termsOf(ca *identity.CA, peer identity.Peer, workload model.Workload) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		ca.Fingerprint(), peer.ServiceAccount.SPIFFEID(ca.TrustDomain()), peer.Pod.Name, peer.PodUID, workload.DNSName(peer.ServiceAccount.Namespace),
	}, "\x00")))
	return hex.EncodeToString(sum[:8])
}
