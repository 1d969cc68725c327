package figures

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/weft-mesh/weft/translators/model"
)

// sums are a Ledger's accounts by what they are of.
type sums map[Detail]*sum

type sum struct {
	n uint64
	h Histogram
}

// Open implements Ledger.
func (s sums) Open(d Detail) Account {
	if s[d] == nil {
		s[d] = &sum{}
	}
	return s[d]
}

// Count implements Account.
func (s *sum) Count(n uint64) { s.n += n }

// Durations implements Account.
func (s *sum) Durations(h *Histogram) { s.h.Merge(*h) }

// tells has a watched pod's accounts kept.
func (w *watched) tells(l Ledger) {
	own := w.p.target.Own
	w.p.reader.open = (&Collector{o: Options{Ledger: l}}).newReader(own).open
}

// of is the account of requests by front that were answered so.
func (s sums) of(t *testing.T, code string) uint64 {
	t.Helper()
	a := s[answered(code)]
	if a == nil {
		t.Fatalf("no account of %s among %v", code, s)
	}
	return a.n
}

func answered(code string) Detail {
	return Detail{
		Figure: Requests, Side: Server, Own: Workload{"shop", "deployments", "web"}, Peer: Workload{"shop", "deployments", "front"},
		PeerIdentity: "spiffe://cluster.local/ns/shop/sa/front", Port: 8080, Protocol: model.ProtocolHTTP, Code: code, Failed: code[0] == '5',
	}
}

// What was counted before anybody kept accounts is in none of them: it would
// all come at once.
func TestAccountsAreOfWhatIsCountedFromNowOn(t *testing.T) {
	l := sums{}
	w := watch(t)
	w.tells(l)
	w.uptime, w.now = 1000, 5*time.Second // it is older than who reads it
	w.requests(7, "200", 3)
	w.reads()
	w.passes(5 * time.Second)
	w.requests(2, "200", 3)
	w.requests(1, "503", 700)
	w.reads()
	if ok, failed := l.of(t, "200"), l.of(t, "503"); ok != 2 || failed != 1 {
		t.Errorf("%d and %d, want 2 and 1", ok, failed)
	}
	durations := answered("200")
	durations.Figure, durations.Code = Durations, ""
	want := Histogram{}
	want[bucketWith(3)], want[bucketWith(700)] = 2, 1
	if diff := cmp.Diff(want, l[durations].h); diff != "" {
		t.Errorf("durations (-want +got)\n%s", diff)
	}
}

// A sidecar that is younger than who reads it has counted from zero.
func TestAccountsOfNewPods(t *testing.T) {
	l := sums{}
	w := watch(t)
	w.tells(l)
	w.uptime = 3
	w.requests(7, "200", 3)
	w.reads()
	if n := l.of(t, "200"); n != 7 {
		t.Errorf("%d, want 7", n)
	}
	w.restart()
	w.now += 5 * time.Second
	w.uptime = 2
	w.requests(4, "200", 3)
	w.reads()
	if n := l.of(t, "200"); n != 11 {
		t.Errorf("%d after a restart, want 11", n)
	}
	// A reading that breaks off counts for nothing, and nothing is lost.
	w.passes(5 * time.Second)
	w.requests(1, "200", 3)
	if _, err := w.readsFrom(io.MultiReader(strings.NewReader(w.String()[:300]), iotest.ErrReader(errors.New("gone")))); err == nil {
		t.Fatal("no error")
	}
	w.passes(5 * time.Second)
	w.reads()
	if n := l.of(t, "200"); n != 12 {
		t.Errorf("%d after a broken reading, want 12", n)
	}
}
