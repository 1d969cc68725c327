package metricsapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	"k8s.io/apiserver/pkg/endpoints/request"

	"github.com/weft-mesh/weft/api/trafficmetrics"
	"github.com/weft-mesh/weft/internal/figures"
)

// windowParameter asks for another window than the default one.
const windowParameter = "t"

type windowKey struct{}

// windowFrom is the window that a request asks for.
func windowFrom(ctx context.Context) time.Duration {
	if window, ok := ctx.Value(windowKey{}).(time.Duration); ok {
		return window
	}
	return figures.DefaultWindow
}

// withQuery refuses parameters that make no sense, by their name, and hands on
// the window.
func withQuery(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info, ok := request.RequestInfoFrom(r.Context())
		if !ok || !info.IsResourceRequest || info.APIGroup != trafficmetrics.GroupName {
			next.ServeHTTP(w, r)
			return
		}
		window, err := readQuery(r.URL.Query())
		if err != nil {
			version := schema.GroupVersion{Group: info.APIGroup, Version: info.APIVersion}
			responsewriters.ErrorNegotiated(err, Codecs, version, w, r)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), windowKey{}, window)))
	})
}

func readQuery(query url.Values) (time.Duration, error) {
	if text := query.Get("labelSelector"); text != "" {
		if _, err := labels.Parse(text); err != nil {
			return 0, badParameter("labelSelector", text, err.Error())
		}
	}
	if text := query.Get("fieldSelector"); text != "" {
		if _, err := fields.ParseSelector(text); err != nil {
			return 0, badParameter("fieldSelector", text, err.Error())
		}
	}
	if text := query.Get("limit"); text != "" {
		if n, err := strconv.ParseInt(text, 10, 64); err != nil || n < 0 {
			return 0, badParameter("limit", text, "is not a number of items")
		}
	}
	if !query.Has(windowParameter) {
		return figures.DefaultWindow, nil
	}
	return readWindow(query.Get(windowParameter))
}

func readWindow(text string) (time.Duration, error) {
	window, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, badParameter(windowParameter, text, `is not a duration such as "30s"`)
	case window < figures.MinWindow:
		return 0, badParameter(windowParameter, text, fmt.Sprintf("is shorter than %s", figures.MinWindow))
	case window > figures.MaxWindow:
		return 0, badParameter(windowParameter, text, fmt.Sprintf("is longer than the %s that are kept", figures.MaxWindow))
	}
	return window, nil
}

func badParameter(name, value, problem string) error {
	err := apierrors.NewBadRequest(fmt.Sprintf("parameter %s: %q %s", name, value, problem))
	err.ErrStatus.Details = &metav1.StatusDetails{Group: trafficmetrics.GroupName, Causes: []metav1.StatusCause{{
		Type: metav1.CauseTypeFieldValueInvalid, Field: name, Message: problem,
	}}}
	return err
}
