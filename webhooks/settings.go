package webhooks

import (
	"context"
	"net/netip"

	corev1 "k8s.io/api/core/v1"

	"github.com/weft-mesh/weft/api/v1alpha1"
)

// Settings are the choices of an installation. Complete fills what is left out.
type Settings struct {
	// Version is written to the pod.
	Version string
	// Image holds the binary weft, at Command.
	Image   string
	Command string
	// ProxyImage holds Envoy, at ProxyCommand.
	ProxyImage   string
	ProxyCommand string
	PullPolicy   corev1.PullPolicy
	// LogLevel is Envoy's.
	LogLevel string
	// Namespace gives what is known of a pod's namespace.
	Namespace func(ctx context.Context, name string) Namespace
	// Sidecar gives what the MeshConfig says of the containers.
	Sidecar func(context.Context) v1alpha1.Sidecar
	// ControllerHost is the name that sidecars find their controller by.
	ControllerHost string
	// HookKey gives the key that makes the paths of HTTP hooks unguessable;
	// every replica has the same. While there is none HTTP hooks stay as they
	// are, and a warning says so.
	HookKey func() []byte
	// ServiceCIDRs gives the cluster's Service addresses, to which UDP is led
	// through the sidecar; while there are none, UDP passes by it.
	ServiceCIDRs func(context.Context) []netip.Prefix
	// services and sidecar are what ServiceCIDRs and Sidecar gave for the pod at
	// hand.
	services []netip.Prefix
	sidecar  v1alpha1.Sidecar
	// ControllerNamespace is never injected, no more than kube-system.
	ControllerNamespace string
}

// Complete fills in what is left out.
func (s Settings) Complete() Settings {
	s.Version = or(s.Version, "dev")
	s.Image = or(s.Image, "docker.io/weftmesh/weft:"+s.Version)
	s.Command = or(s.Command, "/weft")
	s.ProxyImage = or(s.ProxyImage, "docker.io/envoyproxy/envoy:distroless-v1.40.0")
	s.ProxyCommand = or(s.ProxyCommand, "/usr/local/bin/envoy")
	s.PullPolicy = or(s.PullPolicy, corev1.PullIfNotPresent)
	s.LogLevel = or(s.LogLevel, "warning")
	s.ControllerNamespace = or(s.ControllerNamespace, v1alpha1.SystemNamespace)
	if s.HookKey == nil {
		s.HookKey = func() []byte { return nil }
	}
	if s.ServiceCIDRs == nil {
		s.ServiceCIDRs = func(context.Context) []netip.Prefix { return nil }
	}
	if s.Namespace == nil {
		s.Namespace = func(_ context.Context, name string) Namespace { return Namespace{Name: name} }
	}
	if s.Sidecar == nil {
		s.Sidecar = func(context.Context) v1alpha1.Sidecar { return v1alpha1.Sidecar{} }
	}
	s.ControllerHost = or(s.ControllerHost, "weft-controller."+s.ControllerNamespace+".svc")
	return s
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
