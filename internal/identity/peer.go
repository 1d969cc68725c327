package identity

import (
	"context"
	"errors"

	"github.com/weft-mesh/weft/translators/model"
)

// Peer is a pod that has proven itself.
type Peer struct {
	Pod            model.Key
	PodUID         string
	ServiceAccount model.Identity
}

// ErrUnauthenticated is the answer to a token that proves nothing.
var ErrUnauthenticated = errors.New("the token proves no pod")

// Authenticator tells whom a bearer token belongs to.
type Authenticator interface {
	// Authenticate returns the pod that the token was issued to. The error wraps
	// ErrUnauthenticated where the token is bad; any other error may pass.
	Authenticate(ctx context.Context, token string) (Peer, error)
}
