package xds

import (
	"testing"
	"time"

	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/translators/model"
)

// TestRotationIsSpread: 10,000 workloads that started together do not renew
// together, be it by age or because the CA is another one. A core makes some
// thousand certificates a second.
func TestRotationIsSpread(t *testing.T) {
	const workloads = 10_000
	w := newWorld(t, snap("", "", "", "", ""))
	issuer := w.server.options.Secrets.(*Issuer)
	peer := identity.Peer{Pod: model.Key{Namespace: "shop", Name: "web-1"}, PodUID: "uid", ServiceAccount: model.Identity{Namespace: "shop", Name: "web"}}
	now := w.clock.Now()
	old := leafVersion{notBefore: now, notAfter: now.Add(time.Hour), terms: "those of another CA"}
	for name, due := range map[string]func() time.Time{
		"by age": old.renew,
		"new CA": func() time.Time {
			return issuer.Due(peer, Leaf{Version: old.String(), Renew: now.Add(30 * time.Minute)})
		},
	} {
		bySecond := map[time.Duration]int{}
		most := 0
		for range workloads {
			second := due().Sub(now).Truncate(time.Second)
			bySecond[second]++
			most = max(most, bySecond[second])
		}
		// Evenly it would be 28 and 333; 500 cost a twentieth of a core.
		if most > 500 {
			t.Errorf("%s: %d certificates in one second", name, most)
		}
		for second := range bySecond {
			if second > 30*time.Minute {
				t.Errorf("%s: one waits for %s", name, second)
			}
		}
	}
}
