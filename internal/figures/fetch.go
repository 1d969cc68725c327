package figures

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/weft-mesh/weft/translators/envoy"
)

// HTTP asks sidecars at a port of theirs, for protobuf: what they answer is read
// as text all the same. It keeps no connection: a thousand of
// them would cost more memory than all that is counted.
func HTTP(port uint16) Fetch {
	query := url.Values{"filter": {filter}}.Encode()
	client := &http.Client{
		Transport: &http.Transport{
			DialContext: (&net.Dialer{}).DialContext, DisableKeepAlives: true, DisableCompression: true, ReadBufferSize: 32 << 10,
			MaxResponseHeaderBytes: 16 << 10,
		},
		// A sidecar has no business to send anybody elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(ctx context.Context, t Target) (io.ReadCloser, error) {
		from := fmt.Sprintf("http://%s%s?%s", netip.AddrPortFrom(t.Address, port), envoy.StatsPath, query)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
		if err != nil {
			return nil, fmt.Errorf("ask %s: %w", t.Pod, err)
		}
		req.Header.Set("Accept", acceptProtobuf)
		resp, err := client.Do(req)
		if err != nil {
			return nil, fmt.Errorf("ask %s: %w", t.Pod, err)
		}
		if resp.StatusCode != http.StatusOK {
			resp.Body.Close()
			return nil, fmt.Errorf("ask %s: %s", t.Pod, resp.Status)
		}
		if strings.HasPrefix(resp.Header.Get("Content-Type"), protobufType) {
			return newProtobuf(resp.Body), nil
		}
		return resp.Body, nil
	}
}
