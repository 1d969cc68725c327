package main

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/weft-mesh/weft/controllers"
	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/internal/metricsapi"
	"github.com/weft-mesh/weft/internal/metricsapi/inventory"
	"github.com/weft-mesh/weft/translators/envoy"
)

func runMetrics(ctx context.Context, config *rest.Config, s metricsSettings) error {
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme.Scheme, Cache: inventory.CacheOptions(),
		Metrics: metricsserver.Options{BindAddress: s.prometheus}, HealthProbeBindAddress: s.healthy,
	})
	if err != nil {
		return fmt.Errorf("set up the manager: %w", err)
	}
	if err := inventory.Watch(ctx, mgr.GetCache()); err != nil {
		return err
	}
	objects := inventory.New(mgr.GetCache(), mgr.GetRESTMapper())
	ledger, err := addQueries(ctx, mgr, objects, s)
	if err != nil {
		return err
	}
	collector, err := newCollector(ctx, mgr, objects, ledger, s)
	if err != nil {
		return err
	}
	api, err := newMetricsAPI(objects, collector, s)
	if err != nil {
		return err
	}
	if err := errors.Join(mgr.Add(collector), mgr.Add(api), mgr.AddHealthzCheck("ping", healthz.Ping)); err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	return mgr.Start(ctx)
}

func newCollector(ctx context.Context, mgr manager.Manager, objects *inventory.Inventory, ledger figures.Ledger, s metricsSettings) (*figures.Collector, error) {
	log := mgr.GetLogger().WithName("figures")
	return figures.New(figures.Options{
		Targets: func() ([]figures.Target, error) { return objects.Targets(ctx) },
		Fetch:   figures.HTTP(envoy.MetricsPort), Interval: s.interval,
		Clock: clock.RealClock{}, Log: log, Registerer: metrics.Registry, Ledger: ledger,
	})
}

// newMetricsAPI answers even before anything was read: an API that is not there
// keeps namespaces from being deleted.
func newMetricsAPI(objects *inventory.Inventory, source figures.Source, s metricsSettings) (manager.Runnable, error) {
	o := metricsapi.NewOptions()
	o.Source, o.Inventory = source, objects
	o.SecureServing.BindPort = s.port
	o.SecureServing.ServerCert.CertKey.CertFile, o.SecureServing.ServerCert.CertKey.KeyFile = s.certificate, s.key
	o.SecureServing.ServerCert.CertDirectory = "" // what is made up stays in memory
	o.Authentication.RemoteKubeConfigFile, o.Authorization.RemoteKubeConfigFile = s.kubeconfig, s.kubeconfig
	if err := o.SecureServing.MaybeDefaultWithSelfSignedCerts("weft-metrics", nil, nil); err != nil {
		return nil, fmt.Errorf("make a serving certificate: %w", err)
	}
	server, err := metricsapi.New(o)
	if err != nil {
		return nil, err
	}
	return controllers.EveryReplica(func(ctx context.Context) error { return server.PrepareRun().RunWithContext(ctx) }), nil
}
