package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/weft-mesh/weft/controllers"
	"github.com/weft-mesh/weft/internal/engine"
	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/internal/peers"
	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/webhooks"
)

// The leader gives way fast: while there is none, nobody writes status.
const (
	leaseDuration = 8 * time.Second
	renewDeadline = 5 * time.Second
	retryPeriod   = time.Second
)

func runController(ctx context.Context, config *rest.Config, s settings) error {
	authority := &identity.Authority{}
	host := s.service + "." + s.namespace + ".svc"
	convert := controllers.ConvertService + "." + s.namespace + ".svc"
	serving := identity.NewServerKeeper(authority, clock.RealClock{}, host, convert)
	mgr, err := newManager(config, s, serving)
	if err != nil {
		return err
	}
	notifier := &controllers.Notifier{}
	eng := engine.New(engine.Options{Log: mgr.GetLogger().WithName("engine"), StatusChanged: notifier.Notify})
	if err := errors.Join(eng.Register(metrics.Registry), authority.Register(metrics.Registry)); err != nil {
		return err
	}
	replica := identity.NewPeerKeeper(authority, clock.RealClock{}, s.podName)
	others := controllers.Replicas(mgr.GetClient(), client.ObjectKey{Namespace: s.namespace, Name: s.service}, s.podIP, s.peerPort)
	clientset, err := kubernetes.NewForConfigAndClient(config, mgr.GetHTTPClient())
	if err != nil {
		return fmt.Errorf("set up the client: %w", err)
	}
	found := lookupName(host, cmp.Or(s.clusterDomain, domainOf("/etc/resolv.conf")))
	start, err := bootstrap(ctx, clientset, host, found, s)
	if err != nil {
		return err
	}
	proxies, err := newXDS(clientset, mgr, eng, authority, serving)
	if err != nil {
		return err
	}
	services, sidecars := controllers.NewServiceCIDRs(mgr), controllers.NewSidecars(mgr)
	err = errors.Join(
		mgr.Add(services),
		mgr.Add(sidecars),
		mgr.Add(eng),
		mgr.Add(controllers.EveryReplica(func(ctx context.Context) error {
			l, err := net.Listen("tcp", fmt.Sprintf(":%d", s.xdsPort))
			if err != nil {
				return fmt.Errorf("listen for proxies: %w", err)
			}
			return proxies.Serve(ctx, l)
		})),
		mgr.Add(controllers.EveryReplica(func(ctx context.Context) error {
			return servePeers(ctx, s.peerPort, peers.Handler(eng), replica.PeerServerTLS())
		})),
		controllers.Register(mgr, controllers.Options{
			Namespace: s.namespace, Sink: eng, Settled: eng.Settled, Notifier: notifier, Authority: authority, Gates: s.gates,
			Status:    peers.NewClient(eng, others, replica.PeerClientTLS()),
			Bootstrap: start,
		}),
		webhooks.Register(mgr, injectSettings(s.inject, found, authority, services, sidecars)),
		mgr.AddHealthzCheck("ping", healthz.Ping),
	)
	if err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	return mgr.Start(ctx)
}

func newManager(config *rest.Config, s settings, serving *identity.Keeper) (manager.Manager, error) {
	scheme, err := controllers.Scheme()
	if err != nil {
		return nil, err
	}
	lease, renew, retry := leaseDuration, renewDeadline, retryPeriod
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme, Cache: controllers.CacheOptions(s.namespace),
		Metrics: metricsserver.Options{BindAddress: s.metrics}, HealthProbeBindAddress: s.health, PprofBindAddress: s.pprof,
		LeaderElection: true, LeaderElectionID: "weft-controller", LeaderElectionNamespace: s.namespace,
		LeaderElectionReleaseOnCancel: true, LeaseDuration: &lease, RenewDeadline: &renew, RetryPeriod: &retry,
		WebhookServer: webhook.NewServer(webhook.Options{Port: s.webhookPort, TLSOpts: []func(*tls.Config){
			func(c *tls.Config) { c.GetCertificate = serving.GetCertificate },
		}}),
	})
	if err != nil {
		return nil, fmt.Errorf("set up the manager: %w", err)
	}
	return mgr, nil
}

func newXDS(clientset kubernetes.Interface, mgr manager.Manager, eng *engine.Engine, authority *identity.Authority, serving *identity.Keeper) (*xds.Server, error) {
	issuer, err := xds.NewIssuer(xds.IssuerOptions{Authority: authority, WorkloadOf: func(p identity.Peer) model.Workload { return eng.Workload(p.Pod) }})
	if err != nil {
		return nil, err
	}
	return xds.New(xds.Options{
		Fleet: eng, Secrets: issuer, TLS: serving.ServerTLS(), Log: mgr.GetLogger().WithName("xds"), Registerer: metrics.Registry,
		Authenticator: identity.NewTokenAuthenticator(clientset.AuthenticationV1().TokenReviews(), clock.RealClock{}),
	})
}

// injectSettings gives the injector what it must know of the cluster, and a secret
// that all replicas share.
func injectSettings(s webhooks.Settings, host string, authority *identity.Authority, services *controllers.ServiceCIDRs, sidecars *controllers.Sidecars) webhooks.Settings {
	s.ControllerHost, s.ServiceCIDRs, s.Sidecar = host, services.Current, sidecars.Mesh
	s.Namespace = func(ctx context.Context, name string) webhooks.Namespace {
		of := sidecars.Of(ctx, name)
		return webhooks.Namespace{Name: name, Annotations: of.Annotations, LimitRanges: of.LimitRanges, Quotas: of.Quotas, FullQuota: of.FullQuota}
	}
	s.HookKey = func() []byte {
		ca := authority.CA()
		if ca == nil {
			return nil // the injector warns, and leaves hooks as they are
		}
		key, err := ca.Derive("hooks")
		if err != nil {
			return nil
		}
		return key
	}
	return s
}

// bootstrap is what every sidecar starts from. The kubelet asks a pod at its
// address of the cluster's first family, which is that of the API's Service.
func bootstrap(ctx context.Context, clientset kubernetes.Interface, host, found string, s settings) (controllers.BootstrapFunc, error) {
	api, err := clientset.CoreV1().Services(metav1.NamespaceDefault).Get(ctx, "kubernetes", metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("find the cluster's address family: %w", err)
	}
	b := envoy.NewBootstrap(host, uint16(s.xdsPort))
	b.XDSHost = found
	b.Families = s.sidecarFamilies
	b.IPv6 = strings.Contains(api.Spec.ClusterIP, ":")
	return func(_ string, roots []byte) (map[string]string, error) {
		of := b
		of.Roots = roots
		return envoy.BuildBootstrap(of)
	}, nil
}

func servePeers(ctx context.Context, port int, h http.Handler, config *tls.Config) error {
	srv := &http.Server{Addr: fmt.Sprintf(":%d", port), Handler: h, TLSConfig: config, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		_ = srv.Close() // nothing is lost: the asker asks again
	}()
	if err := srv.ListenAndServeTLS("", ""); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve other replicas: %w", err)
	}
	return nil
}
