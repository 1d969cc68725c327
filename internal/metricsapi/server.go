package metricsapi

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	genericserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/options"
	"k8s.io/apiserver/pkg/util/compatibility"
	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/api/trafficmetrics"
	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/internal/metricsapi/report"
)

var (
	scheme = newScheme()
	// Codecs encode the API's objects, and errors.
	Codecs = serializer.NewCodecFactory(scheme)
)

func newScheme() *runtime.Scheme {
	s := runtime.NewScheme()
	utilruntime.Must(trafficmetrics.AddToScheme(s))
	for _, version := range []schema.GroupVersion{trafficmetrics.V1Alpha1, trafficmetrics.V1Alpha2} {
		utilruntime.Must(addFieldLabels(s, version))
	}
	v1 := schema.GroupVersion{Version: "v1"}
	metav1.AddToGroupVersion(s, v1)
	s.AddUnversionedTypes(v1, &metav1.Status{}, &metav1.APIVersions{}, &metav1.APIGroupList{}, &metav1.APIGroup{}, &metav1.APIResourceList{})
	return s
}

// Options are how the API is served. Authentication and Authorization ask the
// API server.
type Options struct {
	SecureServing  *options.SecureServingOptionsWithLoopback
	Authentication *options.DelegatingAuthenticationOptions
	Authorization  *options.DelegatingAuthorizationOptions

	Source    figures.Source
	Inventory Inventory
	// Clock ticks for watches; nil is the real one.
	Clock clock.WithTicker
	// ShutdownDelay is how long it goes on answering, no longer ready, until
	// nobody asks it any more.
	ShutdownDelay time.Duration
}

// NewOptions gives those of an aggregated API; the caller sets Source and
// Inventory.
func NewOptions() Options {
	serving := options.NewSecureServingOptions()
	// Its client is the API server, with many requests on one connection.
	serving.HTTP2MaxStreamsPerConnection = 1000
	return Options{
		SecureServing:  serving.WithLoopback(),
		Authentication: options.NewDelegatingAuthenticationOptions(),
		Authorization:  options.NewDelegatingAuthorizationOptions(),
		ShutdownDelay:  5 * time.Second,
	}
}

// New sets up the server; its PrepareRun().RunWithContext serves.
func New(o Options) (*genericserver.GenericAPIServer, error) {
	config, err := o.config()
	if err != nil {
		return nil, err
	}
	server, err := config.Complete(nil).New(title, genericserver.NewEmptyDelegate())
	if err != nil {
		return nil, fmt.Errorf("set up the API server: %w", err)
	}
	group := genericserver.NewDefaultAPIGroupInfo(trafficmetrics.GroupName, scheme, metav1.ParameterCodec, Codecs)
	b := &backend{source: o.Source, inventory: o.Inventory, clock: o.Clock}
	if b.clock == nil {
		b.clock = clock.RealClock{}
	}
	group.VersionedResourcesStorageMap[trafficmetrics.V1Alpha1.Version] = storages(b, report.Seconds)
	group.VersionedResourcesStorageMap[trafficmetrics.V1Alpha2.Version] = storages(b, report.Milliseconds)
	if err := server.InstallAPIGroup(&group); err != nil {
		return nil, fmt.Errorf("install %s: %w", trafficmetrics.GroupName, err)
	}
	return server, nil
}

func (o Options) config() (*genericserver.Config, error) {
	config := genericserver.NewConfig(Codecs)
	config.EffectiveVersion = compatibility.DefaultBuildEffectiveVersion()
	config.ShutdownDelayDuration = o.ShutdownDelay
	// Watches end as they do elsewhere, and not by an error of the connection.
	config.ShutdownWatchTerminationGracePeriod = o.ShutdownDelay
	describe(config)
	config.RequestInfoResolver = requestInfo{genericserver.NewRequestInfoResolver(config)}
	config.BuildHandlerChainFunc = func(handler http.Handler, c *genericserver.Config) http.Handler {
		return genericserver.DefaultBuildHandlerChain(withQuery(handler), c)
	}
	if err := o.SecureServing.ApplyTo(&config.SecureServing, &config.LoopbackClientConfig); err != nil {
		return nil, fmt.Errorf("set up serving: %w", err)
	}
	if err := o.Authentication.ApplyTo(&config.Authentication, config.SecureServing, config.OpenAPIConfig); err != nil {
		return nil, fmt.Errorf("set up authentication: %w", err)
	}
	if err := o.Authorization.ApplyTo(&config.Authorization); err != nil {
		return nil, fmt.Errorf("set up authorization: %w", err)
	}
	return config, nil
}

// storages are the resources of one version.
func storages(b *backend, unit report.Unit) map[string]rest.Storage {
	all := map[string]rest.Storage{}
	for _, r := range report.Resources {
		view := resourceView{backend: b, unit: unit, resource: r}
		s := &storage{
			view: view, columns: resourceColumns, clock: b.clock,
			names: names{
				singular: strings.ToLower(r.Kind), kind: r.Kind + "TrafficMetrics", namespaced: r.Namespaced,
			},
			resource: schema.GroupResource{Group: trafficmetrics.GroupName, Resource: r.Name},
		}
		if r.Name == report.TrafficSplits {
			s.columns = splitColumns
		}
		all[r.Name] = s
		all[r.Name+"/edges"] = &edgesStorage{columns: edgeColumns, view: view, parent: s}
	}
	all["trafficmetrics"] = &storage{
		view: overviewView{backend: b, unit: unit}, columns: overviewColumns, clock: b.clock,
		names: names{
			singular: "trafficmetric", kind: "TrafficMetrics", namespaced: true,
			short: []string{"tm"}, categories: []string{"smi"},
		},
		resource: schema.GroupResource{Group: trafficmetrics.GroupName, Resource: "trafficmetrics"},
	}
	return all
}
