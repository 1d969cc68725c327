package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/translators/model"
)

const (
	// Audience is what a token must have been issued for.
	Audience = "weft"

	usernamePrefix = "system:serviceaccount:"
	extraPodName   = "authentication.kubernetes.io/pod-name"
	extraPodUID    = "authentication.kubernetes.io/pod-uid"

	reviewTimeout = 10 * time.Second
	// maxReviews is how many reviews are under way at once: a fleet that connects
	// is neither to crowd out what else asks the API server, nor to have a
	// connection opened for each review that finds none free.
	maxReviews = 64
	// maxToken bounds what is sent to the API server.
	maxToken = 16 << 10
)

// TokenReviewer asks the API server about a token; client-go's
// AuthenticationV1().TokenReviews() is one.
type TokenReviewer interface {
	Create(ctx context.Context, review *authenticationv1.TokenReview, opts metav1.CreateOptions) (*authenticationv1.TokenReview, error)
}

// TokenAuthenticator authenticates ServiceAccount tokens that are bound to a
// pod. A storm of reconnects costs one review a token.
type TokenAuthenticator struct {
	reviewer TokenReviewer
	cache    *tokenCache
	// places are those of the reviews under way.
	places chan struct{}
}

var _ Authenticator = (*TokenAuthenticator)(nil)

// NewTokenAuthenticator makes an authenticator that asks reviewer.
func NewTokenAuthenticator(reviewer TokenReviewer, c clock.PassiveClock) *TokenAuthenticator {
	return &TokenAuthenticator{reviewer: reviewer, cache: newTokenCache(c), places: make(chan struct{}, maxReviews)}
}

// Authenticate tells whom a token was issued to.
func (a *TokenAuthenticator) Authenticate(ctx context.Context, token string) (Peer, error) {
	if token == "" {
		return Peer{}, fmt.Errorf("%w: it is empty", ErrUnauthenticated)
	}
	if len(token) > maxToken {
		return Peer{}, fmt.Errorf("%w: it has %d bytes", ErrUnauthenticated, len(token))
	}
	return a.cache.get(ctx, token, func() (Peer, error) {
		// Others may wait for the same answer: the caller's end is not theirs.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reviewTimeout)
		defer cancel()
		return a.review(ctx, token)
	})
}

func (a *TokenAuthenticator) review(ctx context.Context, token string) (Peer, error) {
	select {
	case a.places <- struct{}{}:
		defer func() { <-a.places }()
	case <-ctx.Done():
		return Peer{}, fmt.Errorf("wait for the review of a token: %w", ctx.Err())
	}
	answer, err := a.reviewer.Create(ctx, &authenticationv1.TokenReview{
		Spec: authenticationv1.TokenReviewSpec{Token: token, Audiences: []string{Audience}},
	}, metav1.CreateOptions{})
	if err != nil {
		return Peer{}, fmt.Errorf("review a token: %w", err)
	}
	if answer == nil {
		return Peer{}, errors.New("review a token: no answer")
	}
	return peerOf(answer.Status)
}

// peerOf reads the answer of a review.
func peerOf(s authenticationv1.TokenReviewStatus) (Peer, error) {
	if !s.Authenticated {
		return Peer{}, fmt.Errorf("%w: %s", ErrUnauthenticated, orElse(s.Error, "the API server does not know it"))
	}
	// A server that knows nothing of audiences gives none back.
	if !slices.Contains(s.Audiences, Audience) {
		return Peer{}, fmt.Errorf("%w: its audiences %q do not hold %q", ErrUnauthenticated, s.Audiences, Audience)
	}
	account, err := accountOf(s.User.Username)
	if err != nil {
		return Peer{}, err
	}
	pod := first(s.User.Extra[extraPodName])
	uid := first(s.User.Extra[extraPodUID])
	if pod == "" || uid == "" {
		return Peer{}, fmt.Errorf("%w: the token of %s is not bound to a pod", ErrUnauthenticated, account)
	}
	return Peer{
		Pod: model.Key{Namespace: account.Namespace, Name: pod}, PodUID: uid, ServiceAccount: account,
	}, nil
}

func accountOf(username string) (model.Identity, error) {
	rest, ok := strings.CutPrefix(username, usernamePrefix)
	namespace, name, two := strings.Cut(rest, ":")
	if !ok || !two || namespace == "" || name == "" || strings.Contains(name, ":") {
		return model.Identity{}, fmt.Errorf("%w: %q is not a service account", ErrUnauthenticated, username)
	}
	return model.Identity{Namespace: namespace, Name: name}, nil
}

func first(v authenticationv1.ExtraValue) string {
	if len(v) == 0 {
		return ""
	}
	return v[0]
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
