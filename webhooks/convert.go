package webhooks

import (
	"encoding/json"
	"fmt"
	"net/http"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/weft-mesh/weft/translators/versions"
)

// mostToConvert bounds one request: the API server sends whole lists.
const mostToConvert = 128 << 20

// ConvertHandler answers /convert: it gives SMI objects in the version that
// the API server asks for.
type ConvertHandler struct{}

// ServeHTTP answers one ConversionReview.
func (ConvertHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var review apiextensionsv1.ConversionReview
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostToConvert)).Decode(&review); err != nil {
		http.Error(w, fmt.Sprintf("read the ConversionReview: %v", err), http.StatusBadRequest)
		return
	}
	if review.Request == nil {
		http.Error(w, "read the ConversionReview: it has no request", http.StatusBadRequest)
		return
	}
	review.Response = convertAll(review.Request)
	review.Request = nil
	w.Header().Set("Content-Type", "application/json")
	// An error means that the API server has gone away.
	_ = json.NewEncoder(w).Encode(review)
}

// convertAll converts all objects of a request, or says of the first that it
// can't.
func convertAll(request *apiextensionsv1.ConversionRequest) *apiextensionsv1.ConversionResponse {
	response := &apiextensionsv1.ConversionResponse{UID: request.UID, ConvertedObjects: []runtime.RawExtension{}}
	for _, object := range request.Objects {
		raw, err := convertRaw(object.Raw, request.DesiredAPIVersion)
		if err != nil {
			return &apiextensionsv1.ConversionResponse{
				UID:    request.UID,
				Result: metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonInvalid, Message: err.Error()},
			}
		}
		response.ConvertedObjects = append(response.ConvertedObjects, runtime.RawExtension{Raw: raw})
	}
	response.Result = metav1.Status{Status: metav1.StatusSuccess}
	return response
}

func convertRaw(raw []byte, apiVersion string) ([]byte, error) {
	var object map[string]any
	if err := utiljson.Unmarshal(raw, &object); err != nil {
		return nil, fmt.Errorf("read an object to convert: %w", err)
	}
	converted, err := versions.Convert(object, apiVersion)
	if err != nil {
		return nil, err
	}
	return json.Marshal(converted)
}
