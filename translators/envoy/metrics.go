package envoy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weft-mesh/weft/translators/model"
)

// MetricsPath is where MetricsPort answers with all that there is to know of a
// pod: Envoy's own figures, the application's metrics, and requests under the
// names of Families. StatsPath there has Envoy's figures alone.
const MetricsPath = "/metrics"

// What the sidecar's container is told by environment variables, beside
// POD_NAME and POD_NAMESPACE.
const (
	// WorkloadEnv is the pod's workload, "deployments/web". Where it is missing,
	// the pod is its own.
	WorkloadEnv = "WEFT_WORKLOAD"
	// ApplicationEnv is where the application has metrics of its own,
	// "http://:9102/metrics" or with https; missing where it has none.
	ApplicationEnv = "WEFT_APPLICATION_METRICS"
)

// Family is a set of names under which requests that a pod took in are counted
// once more, for those who ask for them by these names.
type Family string

// The families that Flagger's providers ask for.
const (
	FamilyIstio   Family = "istio"
	FamilyOSM     Family = "osm"
	FamilyLinkerd Family = "linkerd"
)

// Families are all there are.
func Families() []Family { return []Family{FamilyIstio, FamilyOSM, FamilyLinkerd} }

// ParseFamilies reads their names.
func ParseFamilies(names []string) ([]Family, error) {
	var families []Family
	for _, name := range names {
		f := Family(name)
		if !slices.Contains(Families(), f) {
			return nil, fmt.Errorf("family %q is none of %v", name, Families())
		}
		families = append(families, f)
	}
	return families, nil
}

// The clusters by which MetricsPath asks Envoy and the application.
const (
	figuresCluster        = "figures"
	applicationCluster    = "application"
	applicationTLSCluster = "application-tls"
)

// metricsNames are those that metrics.lua.tmpl and bootstrap.yaml.tmpl need.
var metricsNames = map[string]string{
	"MetricsPath":       MetricsPath,
	"StatsPath":         StatsPath,
	"WorkloadEnv":       WorkloadEnv,
	"ApplicationEnv":    ApplicationEnv,
	"WorkloadDomain":    strings.ReplaceAll(model.WorkloadDomain, ".", "%."), // a pattern of Lua's
	"MetricsFile":       metricsFile,
	"FamiliesFile":      familiesFile,
	"Figures":           FamilyPrefix,
	"Requests":          strings.TrimPrefix(serverRequests, serverSide),
	"Duration":          strings.TrimPrefix(serverDuration, serverSide),
	"Connections":       connections,
	"BytesIn":           bytesIn,
	"BytesOut":          bytesOut,
	"Detect":            DetectCluster,
	"DetectListener":    DetectListenerName,
	"Passthrough":       PassthroughCluster,
	"Envoy":             figuresCluster,
	"Application":       applicationCluster,
	"ApplicationTLS":    applicationTLSCluster,
	"DestinationHeader": "x-envoy-original-dst-host",
	"InboundSource4":    inboundSource4,
	"InboundSource6":    inboundSource6,
}
