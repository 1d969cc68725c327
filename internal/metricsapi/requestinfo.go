package metricsapi

import (
	"net/http"

	"k8s.io/apiserver/pkg/endpoints/request"

	"github.com/weft-mesh/weft/api/trafficmetrics"
)

// requestInfo reads /namespaces/{name}/edges as the edges of a namespace; the
// usual reading is a resource of that name in it.
type requestInfo struct{ request.RequestInfoResolver }

// NewRequestInfo reads a request.
func (r requestInfo) NewRequestInfo(req *http.Request) (*request.RequestInfo, error) {
	info, err := r.RequestInfoResolver.NewRequestInfo(req)
	if err != nil || info.APIGroup != trafficmetrics.GroupName || info.Resource != "edges" || info.Namespace == "" || info.Name != "" {
		return info, err
	}
	info.Resource, info.Subresource, info.Name = "namespaces", "edges", info.Namespace
	if info.Verb == "list" {
		info.Verb = "get"
	}
	info.Parts = []string{"namespaces", info.Namespace, "edges"}
	return info, nil
}
