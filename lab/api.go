package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// apiClient asks the API server for the few things that the lab waits for.
type apiClient struct{ http *http.Client }

// errNotFound says that an object isn't there yet.
var errNotFound = errors.New("not found")

func newAPIClient(caCert []byte, client keyPair) (*apiClient, error) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(caCert)
	cert, err := tls.X509KeyPair(client.Cert, client.Key)
	if err != nil {
		return nil, fmt.Errorf("read the administrator's certificate: %w", err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}}}
	return &apiClient{http: &http.Client{Transport: transport, Timeout: 10 * time.Second}}, nil
}

// get decodes the answer into out, unless that is nil.
func (c *apiClient) get(ctx context.Context, path string, out any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://127.0.0.1:6443"+path, nil)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode == http.StatusNotFound {
		return fmt.Errorf("%s: %w", path, errNotFound)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, response.Status)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(body, out)
}

// conditioned is any object with conditions.
type conditioned struct {
	Status struct {
		Conditions []struct{ Type, Status string }
	}
}

func (c conditioned) is(condition string) bool {
	for _, have := range c.Status.Conditions {
		if have.Type == condition {
			return have.Status == "True"
		}
	}
	return false
}

// waitServing waits until the API server answers.
func (c *apiClient) waitServing(ctx context.Context) error {
	return waitFor(ctx, "the API server", func() (bool, error) { return c.get(ctx, "/version", nil) == nil, nil })
}

// waitReady waits until the API server says that it has started.
func (c *apiClient) waitReady(ctx context.Context) error {
	return waitFor(ctx, "the API server to be ready", func() (bool, error) { return c.get(ctx, "/readyz", nil) == nil, nil })
}

// waitCondition waits until an object exists and has the condition.
func (c *apiClient) waitCondition(ctx context.Context, path, condition string) error {
	return waitFor(ctx, path+" to be "+condition, func() (bool, error) {
		var object conditioned
		return c.get(ctx, path, &object) == nil && object.is(condition), nil
	})
}

// waitExists waits until an object exists.
func (c *apiClient) waitExists(ctx context.Context, path string) error {
	return waitFor(ctx, path, func() (bool, error) { return c.get(ctx, path, nil) == nil, nil })
}

// pollInterval is short against the steps of a start, and long against one look.
const pollInterval = 50 * time.Millisecond

// waitFor looks until done says so, fails, or the context ends.
func waitFor(ctx context.Context, what string, done func() (bool, error)) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		ok, err := done()
		if err != nil {
			return fmt.Errorf("wait for %s: %w", what, err)
		}
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, context.Cause(ctx))
		case <-ticker.C:
		}
	}
}
