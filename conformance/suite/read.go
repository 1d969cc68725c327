package suite

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// Reply is what the API server answers to a path.
type Reply struct {
	Code int
	Body []byte
	// Err is why there is no answer.
	Err error
}

// Into reads the body as JSON. A code other than 200 is an error that says what came.
func (r Reply) Into(v any) error {
	if r.Err != nil {
		return r.Err
	}
	text := strings.TrimSpace(string(r.Body))
	if len(text) > 300 {
		text = text[:300] + "…"
	}
	if r.Code != http.StatusOK {
		return fmt.Errorf("the API server answers %d: %s", r.Code, text)
	}
	if err := json.Unmarshal(r.Body, v); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	return nil
}

// Read asks the API server for a path, with its query, as the suite's user.
func (e *Env) Read(ctx context.Context, path string) Reply {
	return e.api.read(ctx, "", path)
}

// ReadAs asks the API server for a path by the rights of an actor's account, which has none of its own.
func (e *Env) ReadAs(ctx context.Context, who Actor, path string) Reply {
	token, err := e.api.token(ctx, who)
	if err != nil {
		return Reply{Err: err}
	}
	return e.api.read(ctx, token, path)
}

// reader asks the API server for paths: a cluster, or a fake of it in the suite's own tests.
type reader interface {
	token(ctx context.Context, of Actor) (string, error)
	// read goes by the suite's own rights where the token is empty.
	read(ctx context.Context, token, path string) Reply
}

func (c *cluster) token(ctx context.Context, of Actor) (string, error) {
	t, err := c.kube.CoreV1().ServiceAccounts(of.Namespace).CreateToken(ctx, of.Name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("make a token of %s: %w", of, err)
	}
	return t.Status.Token, nil
}

func (c *cluster) read(ctx context.Context, token, path string) Reply {
	config := c.config
	if token != "" {
		config = rest.AnonymousClientConfig(c.config)
		config.BearerToken = token
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return Reply{Err: fmt.Errorf("make a client for %s: %w", config.Host, err)}
	}
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return Reply{Err: fmt.Errorf("make a client for %s: %w", config.Host, err)}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(base.String(), "/")+path, http.NoBody)
	if err != nil {
		return Reply{Err: err}
	}
	request.Header.Set("Accept", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return Reply{Err: fmt.Errorf("ask the API server: %w", err)}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return Reply{Code: response.StatusCode, Body: body, Err: err}
}
