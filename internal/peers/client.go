package peers

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/weft-mesh/weft/internal/engine"
	"github.com/weft-mesh/weft/translators/model"
)

// timeout bounds one question; a replica that takes longer counts as behind.
const timeout = 2 * time.Second

// Client answers for all replicas.
type Client struct {
	own Source
	// others lists the "host:port" of the other replicas as they are now.
	others func() []string
	http   *http.Client
}

// NewClient makes a client that asks others with a TLS configuration that
// proves both ends to be replicas.
func NewClient(own Source, others func() []string, config *tls.Config) *Client {
	return &Client{own: own, others: others, http: &http.Client{
		Timeout:   timeout,
		Transport: &http.Transport{TLSClientConfig: config, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute},
	}}
}

// Status is how an object stands with the proxies of all replicas. Where a
// replica does not answer, or holds another state of the object, one proxy more
// is needed than has acknowledged, and Waiting says why.
func (c *Client) Status(ctx context.Context, r model.Ref) (s engine.Status, waiting []string) {
	s = c.own.Status(r)
	want := fingerprint(s.Fragment)
	addrs := c.others()
	answers := make([]answer, len(addrs))
	errs := make([]error, len(addrs))
	var all sync.WaitGroup
	for i, addr := range addrs {
		all.Go(func() { answers[i], errs[i] = c.ask(ctx, addr, r) })
	}
	all.Wait()
	for i, a := range answers {
		switch {
		case errs[i] != nil:
			s.Needed++
			waiting = append(waiting, fmt.Sprintf("replica %s does not answer", addrs[i]))
		case a.Fragment != want:
			s.Needed++
			waiting = append(waiting, fmt.Sprintf("replica %s holds another state of the object", addrs[i]))
		default:
			s.Needed += a.Needed
			s.Acked += a.Acked
			s.Rejected = append(s.Rejected, a.Rejected...)
		}
	}
	slices.Sort(s.Rejected)
	return s, waiting
}

func (c *Client) ask(ctx context.Context, addr string, r model.Ref) (answer, error) {
	body, err := json.Marshal([]model.Ref{r})
	if err != nil {
		return answer{}, fmt.Errorf("encode %s: %w", r, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+addr+Path, bytes.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("ask %s: %w", addr, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("ask %s: %w", addr, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return answer{}, fmt.Errorf("ask %s: %s", addr, resp.Status)
	}
	var as []answer
	if err := json.NewDecoder(http.MaxBytesReader(nil, resp.Body, maxBody)).Decode(&as); err != nil {
		return answer{}, fmt.Errorf("ask %s: %w", addr, err)
	}
	if len(as) != 1 {
		return answer{}, fmt.Errorf("ask %s: %d answers to one question", addr, len(as))
	}
	return as[0], nil
}
