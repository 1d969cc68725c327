package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientv1 "k8s.io/client-go/kubernetes/typed/authentication/v1"
	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/translators/model"
)

var _ TokenReviewer = clientv1.TokenReviewInterface(nil)

func identityOf(namespace, name string) model.Identity {
	return model.Identity{Namespace: namespace, Name: name}
}

// fakeReviewer answers as an API server does.
type fakeReviewer struct {
	calls  atomic.Int64
	status func(token string) (authenticationv1.TokenReviewStatus, error)
}

func (f *fakeReviewer) Create(_ context.Context, r *authenticationv1.TokenReview, _ metav1.CreateOptions) (*authenticationv1.TokenReview, error) {
	f.calls.Add(1)
	if len(r.Spec.Audiences) != 1 || r.Spec.Audiences[0] != Audience {
		return nil, errors.New("wrong audience asked for")
	}
	s, err := f.status(r.Spec.Token)
	if err != nil {
		return nil, err
	}
	return &authenticationv1.TokenReview{Status: s}, nil
}

func good() authenticationv1.TokenReviewStatus {
	return authenticationv1.TokenReviewStatus{
		Authenticated: true, Audiences: []string{Audience},
		User: authenticationv1.UserInfo{
			Username: "system:serviceaccount:shop:web",
			Extra: map[string]authenticationv1.ExtraValue{
				"authentication.kubernetes.io/pod-name": {"web-1"}, "authentication.kubernetes.io/pod-uid": {"uid-1"},
			},
		},
	}
}

func TestAuthenticate(t *testing.T) {
	type status = authenticationv1.TokenReviewStatus
	for _, c := range []struct {
		name   string
		change func(*status)
		want   string // part of the error
	}{
		{"good", func(*status) {}, ""},
		{"unknown", func(s *status) { *s = status{Error: "token expired"} }, "token expired"},
		{"another audience", func(s *status) { s.Audiences = []string{"vault"} }, "audiences"},
		{"a server without audiences", func(s *status) { s.Audiences = nil }, "audiences"},
		{"a person", func(s *status) { s.User.Username = "jane" }, "not a service account"},
		{"half a name", func(s *status) { s.User.Username = "system:serviceaccount:shop:" }, "not a service account"},
		{"too long a name", func(s *status) { s.User.Username = "system:serviceaccount:shop:web:x" }, "not a service account"},
		{"not bound to a pod", func(s *status) { s.User.Extra = nil }, "not bound to a pod"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := good()
			c.change(&s)
			a := NewTokenAuthenticator(&fakeReviewer{status: func(string) (status, error) { return s, nil }}, newClock())
			p, err := a.Authenticate(t.Context(), "token")
			if c.want != "" {
				if !errors.Is(err, ErrUnauthenticated) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want %q", err, c.want)
				}
				return
			}
			want := Peer{Pod: model.Key{Namespace: "shop", Name: "web-1"}, PodUID: "uid-1", ServiceAccount: identityOf("shop", "web")}
			if err != nil || p != want {
				t.Errorf("%v, %v", p, err)
			}
		})
	}
}

func TestTokensNotWorthAReview(t *testing.T) {
	r := &fakeReviewer{}
	a := NewTokenAuthenticator(r, newClock())
	for _, token := range []string{"", strings.Repeat("x", maxToken+1)} {
		if _, err := a.Authenticate(t.Context(), token); !errors.Is(err, ErrUnauthenticated) {
			t.Errorf("%v", err)
		}
	}
	if r.calls.Load() != 0 {
		t.Error("the API server was asked")
	}
}

func TestAnswersAreKeptShortly(t *testing.T) {
	clk := newClock()
	r := &fakeReviewer{status: func(token string) (authenticationv1.TokenReviewStatus, error) {
		if token == "bad" {
			return authenticationv1.TokenReviewStatus{}, nil
		}
		return good(), nil
	}}
	a := NewTokenAuthenticator(r, clk)
	ask := func(token string, calls int64) {
		t.Helper()
		_, err := a.Authenticate(t.Context(), token)
		if errors.Is(err, ErrUnauthenticated) != (token == "bad") {
			t.Error(err)
		}
		if r.calls.Load() != calls {
			t.Errorf("%d reviews, want %d", r.calls.Load(), calls)
		}
	}
	ask("a", 1)
	ask("a", 1)
	ask("bad", 2)
	ask("bad", 2)
	clk.Step(cacheFor)
	ask("a", 3)
	if len(a.cache.answers) != 1 {
		t.Errorf("%d answers are kept, want 1", len(a.cache.answers))
	}
}

func TestWhatMayPassIsAskedAgain(t *testing.T) {
	away := errors.New("connection refused")
	r := &fakeReviewer{status: func(string) (authenticationv1.TokenReviewStatus, error) { return good(), away }}
	a := NewTokenAuthenticator(r, newClock())
	if _, err := a.Authenticate(t.Context(), "a"); !errors.Is(err, away) || errors.Is(err, ErrUnauthenticated) {
		t.Errorf("%v", err)
	}
	away = nil
	if _, err := a.Authenticate(t.Context(), "a"); err != nil {
		t.Error(err)
	}
}

func TestStormOfOneTokenIsOneReview(t *testing.T) {
	release := make(chan struct{})
	r := &fakeReviewer{status: func(string) (authenticationv1.TokenReviewStatus, error) {
		<-release
		return good(), nil
	}}
	a := NewTokenAuthenticator(r, newClock())
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Authenticate(gone, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that has gone: %v", err)
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := a.Authenticate(t.Context(), "a"); err != nil {
				t.Error(err)
			}
		})
	}
	close(release)
	all.Wait()
	if r.calls.Load() != 1 {
		t.Errorf("%d reviews", r.calls.Load())
	}
}

func TestFullCacheStillAnswers(t *testing.T) {
	r := &fakeReviewer{status: func(string) (authenticationv1.TokenReviewStatus, error) { return good(), nil }}
	a := NewTokenAuthenticator(r, newClock())
	a.cache.swept = epoch.Add(time.Hour)
	for i := range maxCached {
		a.cache.answers[[32]byte{byte(i), byte(i >> 8), byte(i >> 16), 1}] = &answer{expires: epoch.Add(time.Hour)}
	}
	if _, err := a.Authenticate(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	if len(a.cache.answers) != maxCached {
		t.Errorf("%d answers are kept", len(a.cache.answers))
	}
}

// However many tokens are shown at once, few are reviewed at once, and all in the
// end.
func TestReviewsAtOnceAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := make(chan struct{})
		r := &fakeReviewer{status: func(string) (authenticationv1.TokenReviewStatus, error) {
			<-on
			return good(), nil
		}}
		a := NewTokenAuthenticator(r, clock.RealClock{})
		for i := range 2 * maxReviews {
			go func() {
				if _, err := a.Authenticate(t.Context(), fmt.Sprint("token-", i)); err != nil {
					t.Error(err)
				}
			}()
		}
		synctest.Wait()
		if n := r.calls.Load(); n != maxReviews {
			t.Errorf("%d reviews at once, want %d", n, maxReviews)
		}
		close(on)
		synctest.Wait()
		if n := r.calls.Load(); n != 2*maxReviews {
			t.Errorf("%d reviews, want %d", n, 2*maxReviews)
		}
	})
}
