package webhooks

import (
	"context"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

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
	// Resources are the sidecar's, where a pod's annotations do not say else.
	Resources corev1.ResourceRequirements
	// HookKey gives the key that makes the paths of HTTP hooks unguessable;
	// every replica has the same. While there is none HTTP hooks stay as they
	// are, and a warning says so.
	HookKey func() []byte
	// ServiceCIDRs gives the cluster's Service addresses, to which UDP is led
	// through the sidecar; while there are none, UDP passes by it.
	ServiceCIDRs func(context.Context) []netip.Prefix
	// services are what ServiceCIDRs gave for the pod at hand.
	services []netip.Prefix
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
	if s.Resources.Requests == nil && s.Resources.Limits == nil {
		s.Resources = defaultResources()
	}
	return s
}

// defaultResources asks for what an idle Envoy of 60 MB needs. There is no CPU
// limit: a throttled sidecar is a slow application.
func defaultResources() corev1.ResourceRequirements {
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{
			corev1.ResourceCPU:    resource.MustParse("10m"),
			corev1.ResourceMemory: resource.MustParse("64Mi"),
		},
		Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("512Mi")},
	}
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
