package metricsapi

import (
	"strings"

	apiopenapi "k8s.io/apiserver/pkg/endpoints/openapi"
	genericserver "k8s.io/apiserver/pkg/server"
	"k8s.io/kube-openapi/pkg/common"

	"github.com/weft-mesh/weft/api/trafficmetrics/openapi"
	"github.com/weft-mesh/weft/internal/version"
)

const title = "weft-metrics"

// describe has the API described in OpenAPI v2 and v3.
func describe(config *genericserver.Config) {
	namer := apiopenapi.NewDefinitionNamer(scheme)
	v2 := genericserver.DefaultOpenAPIConfig(openapi.GetOpenAPIDefinitions, namer)
	v2.Info.Title, v2.Info.Version = title, version.Version
	v2.GetOperationIDAndTagsFromRoute = operation
	v2.GetOperationIDAndTags = nil //nolint:staticcheck // the default is set to the old one, and both may not be
	v3 := genericserver.DefaultOpenAPIV3Config(openapi.GetOpenAPIDefinitions, namer)
	v3.Info.Title, v3.Info.Version = title, version.Version
	v3.GetOperationIDAndTagsFromRoute = operation
	v3.GetOperationIDAndTags = nil //nolint:staticcheck // as above
	config.OpenAPIConfig, config.OpenAPIV3Config = v2, v3
}

// operation names an operation after its path as well: all resources are of one
// kind, after which operations are named elsewhere.
func operation(route common.Route) (string, []string, error) {
	id, group := route.OperationName(), ""
	for part := range strings.SplitSeq(route.Path(), "/") {
		if part == "" || part == "apis" || strings.HasPrefix(part, "{") {
			continue
		}
		word := apiopenapi.ToValidOperationID(part, true)
		if group == "" {
			group = word
		}
		id += word
	}
	return id, []string{group}, nil
}
