package peers

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/weft-mesh/weft/internal/engine"
	"github.com/weft-mesh/weft/translators/model"
)

var ref = model.Ref{Kind: model.KindTrafficSplit, Key: model.Key{Namespace: "shop", Name: "web"}}

// replica is a Source that answers with the same status for ref.
type replica engine.Status

func (r replica) Status(asked model.Ref) engine.Status {
	if asked != ref {
		return engine.Status{}
	}
	return engine.Status(r)
}

func held(root string) model.Fragment {
	return &model.Split{Key: ref.Key, Root: model.Key{Namespace: "shop", Name: root}}
}

// start runs a replica, and gives its "host:port" and a client's TLS configuration.
func start(t *testing.T, s Source) (string, *tls.Config) {
	t.Helper()
	srv := httptest.NewTLSServer(Handler(s))
	t.Cleanup(srv.Close)
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	return strings.TrimPrefix(srv.URL, "https://"), &tls.Config{RootCAs: pool}
}

func TestStatusOfAllReplicas(t *testing.T) {
	own := replica{Fragment: held("web"), Needed: 2, Acked: 2}
	tests := map[string]struct {
		other         Source
		needed, acked int
		rejected      []string
		waiting       string
	}{
		"the other's proxies run it": {other: replica{Fragment: held("web"), Needed: 3, Acked: 3}, needed: 5, acked: 5},
		"the other's proxies wait":   {other: replica{Fragment: held("web"), Needed: 3, Acked: 1}, needed: 5, acked: 3},
		"the other's proxies refuse": {other: replica{Fragment: held("web"), Needed: 1, Rejected: []string{"shop/a: x"}}, needed: 3, acked: 2, rejected: []string{"shop/a: x"}},
		"the other is behind":        {other: replica{Fragment: held("old"), Needed: 1, Acked: 1}, needed: 3, acked: 2, waiting: "another state"},
		"the other knows nothing":    {other: replica{}, needed: 3, acked: 2, waiting: "another state"},
		"the other does not answer":  {needed: 3, acked: 2, waiting: "does not answer"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			addr, config := start(t, tc.other)
			if tc.other == nil {
				addr = "127.0.0.1:1" // tcpmux: nobody listens
			}
			c := NewClient(own, func() []string { return []string{addr} }, config)
			s, waiting := c.Status(t.Context(), ref)
			if s.Needed != tc.needed || s.Acked != tc.acked || !reflect.DeepEqual(s.Rejected, tc.rejected) {
				t.Errorf("got %d of %d, rejected %q; want %d of %d, %q", s.Acked, s.Needed, s.Rejected, tc.acked, tc.needed, tc.rejected)
			}
			if got := strings.Join(waiting, "; "); (tc.waiting == "") != (got == "") || !strings.Contains(got, tc.waiting) {
				t.Errorf("waiting for %q, want %q", got, tc.waiting)
			}
		})
	}
}

func TestHandlerRefusesGarbage(t *testing.T) {
	for body, want := range map[string]int{
		"[]": http.StatusOK, "{": http.StatusBadRequest, `{"a":1}`: http.StatusBadRequest,
		"[" + strings.Repeat("{},", maxRefs) + "{}]": http.StatusBadRequest,
	} {
		w := httptest.NewRecorder()
		Handler(replica{}).ServeHTTP(w, httptest.NewRequest(http.MethodPost, Path, strings.NewReader(body)))
		if w.Code != want {
			t.Errorf("%.20s: got %d, want %d", body, w.Code, want)
		}
	}
}
