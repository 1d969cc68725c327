package main

import (
	"fmt"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/weft-mesh/weft/controllers"
	"github.com/weft-mesh/weft/internal/version"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/webhooks"
)

// settings are the flags of `weft controller`.
type settings struct {
	namespace, service string
	podName, podIP     string
	xdsPort, peerPort  int
	webhookPort        int
	clusterDomain      string
	metrics, health    string
	pprof              string
	memory             int64
	inject             webhooks.Settings
	pullPolicy         string
	featureGates       map[string]string
	gates              controllers.Gates
	families           []string
	sidecarFamilies    []envoy.Family
}

func controllerCommand() *cobra.Command {
	var s settings
	logging := zap.Options{}
	cmd := &cobra.Command{
		Use:   "controller",
		Short: "Run the control plane (what the Deployment weft-controller does)",
		Long: `Run the control plane: read Services, pods and SMI objects, serve proxies their configuration
and certificates, answer the API server's webhooks. Every replica serves; the leader alone writes.
It reads KUBECONFIG, or the service account of its pod.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctrl.SetLogger(zap.New(zap.UseFlagOptions(&logging)))
			limitMemory(s.memory)
			s.inject.PullPolicy = corev1.PullPolicy(s.pullPolicy)
			s.inject.ControllerNamespace = s.namespace
			s.inject.Version = version.Version
			gates, err := parseGates(s.featureGates)
			if err != nil {
				return err
			}
			s.gates = gates
			if s.sidecarFamilies, err = envoy.ParseFamilies(s.families); err != nil {
				return fmt.Errorf("--sidecar-families: %w", err)
			}
			config, err := ctrl.GetConfig()
			if err != nil {
				return fmt.Errorf("find the cluster: %w", err)
			}
			return runController(cmd.Context(), config, s)
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.namespace, "namespace", "weft-system", "namespace of the control plane")
	f.StringVar(&s.service, "service", "weft-controller", "Service that proxies and webhooks reach the control plane by")
	f.StringVar(&s.podName, "pod-name", "", "name of this pod")
	f.StringVar(&s.podIP, "pod-ip", "", "address of this pod")
	f.StringVar(&s.clusterDomain, "cluster-domain", "", `domain of the cluster's Services, which sidecars look the control plane up in; empty for that of this pod's resolv.conf, "." where each pod's own search domains are to say it`)
	f.IntVar(&s.xdsPort, "xds-port", 15012, "port that proxies connect to")
	f.IntVar(&s.peerPort, "peer-port", 15014, "port that other replicas ask for the state of this one's proxies")
	f.IntVar(&s.webhookPort, "webhook-port", 9443, "port of the webhooks")
	f.StringVar(&s.metrics, "metrics-address", ":8080", `address of Prometheus metrics; "0" for none`)
	f.StringVar(&s.health, "health-address", ":8081", "address of /healthz and /readyz")
	f.StringVar(&s.pprof, "pprof-address", "", "address of Go's profiles, which are secret; empty for none")
	f.StringVar(&s.inject.Image, "image", "docker.io/weftmesh/weft:dev", "image of weft, for the init container")
	f.StringVar(&s.inject.Command, "command", "/weft", "path of weft in its image")
	f.StringVar(&s.inject.ProxyImage, "proxy-image", "docker.io/envoyproxy/envoy:distroless-v1.40.0", "image of Envoy")
	f.StringVar(&s.pullPolicy, "image-pull-policy", string(corev1.PullIfNotPresent), "when to pull the injected images")
	f.StringVar(&s.inject.LogLevel, "proxy-log-level", "warning", "log level of Envoy")
	f.StringToStringVar(&s.featureGates, "feature-gates", nil, "parts of the specification that were never released: IdentityBinding=true takes in IdentityBindings (install config/experimental)")
	f.StringSliceVar(&s.families, "sidecar-families", []string{"istio", "osm", "linkerd"}, "under whose names sidecars count requests as well, for Prometheus; empty for none")
	memoryFlag(f, &s.memory)
	f.BoolVar(&logging.Development, "development", false, "log for people rather than machines")
	return cmd
}
