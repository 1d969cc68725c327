package webhooks

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/internal/podnet"
	"github.com/weft-mesh/weft/translators/envoy"
)

// startupSeconds is how long Envoy may take until it has its configuration,
// before the kubelet starts it anew.
const startupSeconds = 300

// listenerDrainSeconds is how long connections of a listener that goes away may
// stay.
const listenerDrainSeconds = 30

// initContainer runs `weft init`. It is root with the one capability that
// nftables takes, over a root file system that it can't write.
func initContainer(s Settings, o options, size corev1.ResourceRequirements) corev1.Container {
	args := []string{"init"}
	exclude := o.exclude.Spec()
	for _, flag := range []struct{ name, value string }{
		{podnet.FlagExcludeInboundPorts, exclude.InboundPorts},
		{podnet.FlagExcludeOutboundPorts, exclude.OutboundPorts},
		{podnet.FlagExcludeOutboundCIDRs, exclude.OutboundCIDRs},
		{podnet.FlagServiceCIDRs, podnet.PrintCIDRs(s.services)},
	} {
		if flag.value != "" {
			args = append(args, "--"+flag.name+"="+flag.value)
		}
	}
	security := restricted()
	security.RunAsUser, security.RunAsGroup, security.RunAsNonRoot = ptr[int64](0), ptr[int64](0), ptr(false)
	security.Capabilities.Add = []corev1.Capability{"NET_ADMIN"}
	return corev1.Container{
		Name:                     InitContainer,
		Image:                    s.Image,
		ImagePullPolicy:          s.PullPolicy,
		Command:                  []string{s.Command},
		Args:                     args,
		Resources:                size,
		SecurityContext:          security,
		TerminationMessagePath:   corev1.TerminationMessagePathDefault,
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
}

// proxyContainer runs Envoy as a native sidecar: it starts before the
// application, ends after it, and does not keep a Job from completing.
func proxyContainer(s Settings, o options, size corev1.ResourceRequirements, env []corev1.EnvVar) corev1.Container {
	security := restricted()
	uid := int64(podnet.ProxyUID)
	security.RunAsUser, security.RunAsGroup, security.RunAsNonRoot = &uid, ptr(uid), ptr(true)
	return corev1.Container{
		Name:            v1alpha1.ProxyContainer,
		Image:           s.ProxyImage,
		ImagePullPolicy: s.PullPolicy,
		Command:         []string{s.ProxyCommand},
		Args: []string{
			"-c", envoy.RunDir + "/" + envoy.BootstrapFile,
			"--config-yaml", envoy.MemoryBound("$(MEMORY_LIMIT)"),
			"--service-node", "$(POD_NAME).$(POD_NAMESPACE)",
			"--service-cluster", "$(SERVICE_ACCOUNT).$(POD_NAMESPACE)",
			"--concurrency", strconv.Itoa(o.concurrency),
			// It warns of fields that are still called work in progress at each new listener.
			"--component-log-level", "misc:error",
			"--drain-time-s", strconv.Itoa(listenerDrainSeconds),
			// Its shared memory and socket would meet those of an Envoy that
			// the application brings along.
			"--disable-hot-restart",
			"--log-level", s.LogLevel,
		},
		Env: append([]corev1.EnvVar{
			fieldEnv("POD_NAME", "metadata.name"),
			fieldEnv("POD_NAMESPACE", "metadata.namespace"),
			fieldEnv("SERVICE_ACCOUNT", "spec.serviceAccountName"),
			memoryLimitEnv(),
		}, env...),
		Ports:         []corev1.ContainerPort{{Name: "weft-metrics", ContainerPort: envoy.MetricsPort, Protocol: corev1.ProtocolTCP}},
		RestartPolicy: ptr(corev1.ContainerRestartPolicyAlways),
		StartupProbe: &corev1.Probe{
			ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{
				Path: envoy.ReadyPath, Port: intstr.FromInt32(envoy.ReadyPort), Scheme: corev1.URISchemeHTTP,
			}},
			PeriodSeconds: 1, TimeoutSeconds: 1, SuccessThreshold: 1, FailureThreshold: startupSeconds,
		},
		Resources:                size,
		SecurityContext:          security,
		VolumeMounts:             []corev1.VolumeMount{{Name: Volume, MountPath: envoy.RunDir, ReadOnly: true}},
		TerminationMessagePath:   corev1.TerminationMessagePathDefault,
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
}

// restricted is what Pod Security calls restricted, and a root file system that
// can't be written.
func restricted() *corev1.SecurityContext {
	return &corev1.SecurityContext{
		AllowPrivilegeEscalation: ptr(false),
		ReadOnlyRootFilesystem:   ptr(true),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		SeccompProfile:           &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
}

// volume holds the sidecar's token and bootstrap. Its files can be read by
// every user, and by the sidecar alone, as no other container mounts it. Where
// the pod has an fsGroup, the kubelet narrows the token to that group, to which
// every container of the pod belongs.
func volume() corev1.Volume {
	return corev1.Volume{Name: Volume, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
		DefaultMode: ptr[int32](0o444),
		Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Audience: envoy.TokenAudience, ExpirationSeconds: ptr[int64](3600), Path: envoy.TokenFile}},
			{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: v1alpha1.ProxyConfigMap}}},
		},
	}}}
}

func fieldEnv(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: path}}}
}

// memoryLimitEnv is what the container may hold, in bytes; without a limit what
// the node has.
func memoryLimitEnv() corev1.EnvVar {
	return corev1.EnvVar{Name: "MEMORY_LIMIT", ValueFrom: &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{
		ContainerName: v1alpha1.ProxyContainer, Resource: "limits.memory", Divisor: resource.MustParse("0"),
	}}}
}

func ptr[T any](v T) *T { return &v }
