package figures

import (
	"strings"
	"testing"
	"time"

	"github.com/weft-mesh/weft/translators/envoy"
)

// Whatever a sidecar says, nothing panics, what is kept stays bounded, and it
// has counted no more than it says.
func FuzzRead(f *testing.F) {
	f.Add(uptimeMetric+"{} 1\n"+envoy.FamilyServerRequests+"{port=\"80\",code=\"200\"} 3\n", envoy.FamilyServerRequests+"{port=\"80\",code=\"200\"} 9\n")
	f.Add(uptimeMetric+"{} 5\n", envoy.FamilyServerDenied+"{protocol=\"tcp\",peer=\"\\\"\\n\\\\\"} 4\n")
	f.Add(envoy.FamilyServerDuration+bucketSuffix+"{le=\"+Inf\"} 3\n", envoy.FamilyServerDuration+bucketSuffix+"{le=\"5\"} 9007199254740992\n")
	f.Fuzz(func(t *testing.T, first, second string) {
		p := &pod{reader: newReader()}
		s := &scratch{}
		now := time.Hour
		for _, text := range []string{first, second, first} {
			now += 5 * time.Second
			o, _ := p.reader.read(strings.NewReader(text), now, s) // an error is one of garbage
			p.put(o, s)
		}
		lines := uint64(len(first) + len(second))
		for _, r := range p.all(window{start: now - MaxWindow, end: now}) {
			if r.Success > 3*maxValue*lines || r.Latency.Count() > 3*maxValue*lines {
				t.Fatalf("%+v", r.Counts)
			}
			if ms, ok := r.Latency.Quantile(0.99); ok && (ms < 0 || ms > bounds[len(bounds)-1]) {
				t.Fatalf("p99 is %v", ms)
			}
		}
	})
}

// A label is read as it was written, whatever it holds.
func FuzzLabels(f *testing.F) {
	f.Add("a", `b"c\d`+"\n")
	f.Fuzz(func(t *testing.T, one, other string) {
		escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace
		var got []string
		ok := eachLabel([]byte(`one="`+escape(one)+`",other="`+escape(other)+`"`), func(_ []byte, value string) bool {
			got = append(got, value)
			return true
		})
		if !ok || len(got) != 2 || got[0] != one || got[1] != other {
			t.Fatalf("%q, %q are read as %q, %t", one, other, got, ok)
		}
	})
}
