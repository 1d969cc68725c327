package metricsapi

import (
	"net/url"
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/weft-mesh/weft/api/trafficmetrics"
	"github.com/weft-mesh/weft/internal/figures"
)

// Whatever is asked, there is a window that is kept, or a 400.
func FuzzQuery(f *testing.F) {
	for _, query := range []string{"t=30s", "t=", "t=-1s", "t=1e99h", "limit=9223372036854775808", "labelSelector=a in (b", "fieldSelector=a=b,,", "t=1m&t=x", "%zz"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, text string) {
		query, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		window, err := readQuery(query)
		if err != nil {
			if !apierrors.IsBadRequest(err) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if window < figures.MinWindow || window > figures.MaxWindow {
			t.Errorf("%q: window %s", text, window)
		}
	})
}

// Pages of any size give every item once; a token that is not ours is a 400.
func FuzzPages(f *testing.F) {
	f.Add(int64(1), "", uint8(3))
	f.Add(int64(2), "c2hvcABh", uint8(200))
	f.Add(int64(-1), "\x00", uint8(0))
	f.Fuzz(func(t *testing.T, limit int64, token string, n uint8) {
		var items []trafficmetrics.TrafficMetrics
		for i := range n {
			items = append(items, trafficmetrics.TrafficMetrics{ObjectMeta: metav1.ObjectMeta{
				Namespace: string(rune('a' + i/64)), Name: string(rune('a' + i%64)),
			}})
		}
		if _, _, _, err := page(items, &internalversion.ListOptions{Limit: limit, Continue: token}); err != nil && !apierrors.IsBadRequest(err) {
			t.Errorf("continue %q: %v", token, err)
		}
		var seen []string
		for next := ""; ; {
			got, more, left, err := page(items, &internalversion.ListOptions{Limit: limit, Continue: next})
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range got {
				seen = append(seen, place(item))
			}
			if (more == "") != (left == nil) {
				t.Fatalf("continue %q, but %v left", more, left)
			}
			if next = more; next == "" {
				break
			}
		}
		if len(seen) != len(items) || !slices.IsSorted(seen) || len(slices.Compact(seen)) != len(items) {
			t.Errorf("%d items by %d: %q", n, limit, seen)
		}
	})
}
