package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/weft-mesh/weft/controllers"
	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/internal/metricsapi"
	"github.com/weft-mesh/weft/internal/metricsapi/inventory"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
)

func runMetrics(ctx context.Context, config *rest.Config, s metricsSettings) error {
	objectsKept := inventory.CacheOptions()
	if s.secret != "" {
		namespace, name, _ := strings.Cut(s.secret, "/")
		objectsKept.ByObject[&corev1.Secret{}] = cache.ByObject{
			Namespaces: map[string]cache.Config{namespace: {FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name)}},
		}
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme.Scheme, Cache: objectsKept,
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
	api, err := newMetricsAPI(ctx, mgr, objects, collector, s)
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
		Services: func(a netip.AddrPort) model.Key {
			key, err := objects.ServiceOf(ctx, a.Addr())
			if err != nil {
				log.Error(err, "what was denied is counted without a Service", "address", a.String())
			}
			return key
		},
		Clock: clock.RealClock{}, Log: log, Registerer: metrics.Registry, Ledger: ledger,
	})
}

// newMetricsAPI answers even before anything was read: an API that is not there
// keeps namespaces from being deleted.
func newMetricsAPI(ctx context.Context, mgr manager.Manager, objects *inventory.Inventory, source figures.Source, s metricsSettings) (manager.Runnable, error) {
	o := metricsapi.NewOptions()
	o.Source, o.Inventory = source, objects
	o.SecureServing.BindPort = s.port
	o.SecureServing.ServerCert.CertKey.CertFile, o.SecureServing.ServerCert.CertKey.KeyFile = s.certificate, s.key
	o.SecureServing.ServerCert.CertDirectory = "" // what is made up stays in memory
	o.Authentication.RemoteKubeConfigFile, o.Authorization.RemoteKubeConfigFile = s.kubeconfig, s.kubeconfig
	if err := o.SecureServing.MaybeDefaultWithSelfSignedCerts("weft-metrics", nil, nil); err != nil {
		return nil, fmt.Errorf("make a serving certificate: %w", err)
	}
	if s.secret != "" {
		certificate := metricsapi.NewCertificate(o.SecureServing.ServerCert.GeneratedCert.CurrentCertKeyContent())
		o.SecureServing.ServerCert.GeneratedCert = certificate
		if err := followSecret(ctx, mgr, certificate); err != nil {
			return nil, err
		}
	}
	server, err := metricsapi.New(o)
	if err != nil {
		return nil, err
	}
	return controllers.EveryReplica(func(ctx context.Context) error { return server.PrepareRun().RunWithContext(ctx) }), nil
}

// followSecret serves with the certificate of the one Secret that the cache has.
func followSecret(ctx context.Context, mgr manager.Manager, certificate *metricsapi.Certificate) error {
	log := mgr.GetLogger().WithName("certificate")
	secrets, err := mgr.GetCache().GetInformer(ctx, &corev1.Secret{}, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("follow the serving certificate: %w", err)
	}
	take := func(object any) {
		if secret, ok := object.(*corev1.Secret); ok {
			if err := certificate.Set(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey]); err != nil {
				log.Error(err, "the certificate of before stays", "secret", secret.Namespace+"/"+secret.Name)
			}
		}
	}
	if _, err := secrets.AddEventHandler(toolscache.ResourceEventHandlerFuncs{AddFunc: take, UpdateFunc: func(_, now any) { take(now) }}); err != nil {
		return fmt.Errorf("follow the serving certificate: %w", err)
	}
	return nil
}
