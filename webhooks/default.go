package webhooks

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/weft-mesh/weft/translators/versions"
)

// HeadersHandler answers /default: it gives headers of an HTTPRouteGroup the
// shape that Go clients of SMI read.
type HeadersHandler struct{}

// Handle changes nothing but the shape of headers.
func (HeadersHandler) Handle(_ context.Context, request admission.Request) admission.Response {
	var object map[string]any
	if err := utiljson.Unmarshal(request.Object.Raw, &object); err != nil {
		return admission.Errored(http.StatusBadRequest, fmt.Errorf("read %s %s/%s: %w", request.Kind.Kind, request.Namespace, request.Name, err))
	}
	listed, changed := versions.ListHeaders(object)
	if !changed {
		return admission.Allowed("")
	}
	raw, err := json.Marshal(listed)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, fmt.Errorf("write %s %s/%s: %w", request.Kind.Kind, request.Namespace, request.Name, err))
	}
	return admission.PatchResponseFromRaw(request.Object.Raw, raw)
}
