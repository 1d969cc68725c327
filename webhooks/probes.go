package webhooks

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/internal/podnet"
	"github.com/weft-mesh/weft/translators/model"
)

// Kubernetes' own defaults, for pods that did not pass an API server.
const (
	defaultProbePeriod  = 10 * time.Second
	defaultProbeTimeout = time.Second
)

// What the controller takes of a probe.
const (
	longestPeriod = 24 * time.Hour
	longestText   = 1024
)

// rewriteProbes turns to the sidecar what the kubelet would ask the application
// over the network, where it has no identity and would be refused. It gives the
// probes as their author wrote them. A probe that the sidecar never sees stays
// as it is: exec, an excluded port, another host.
func rewriteProbes(pod *corev1.Pod, config podnet.Config, known map[string]model.Probe) (probes []model.Probe, warnings []string) {
	for _, c := range containers(&pod.Spec) {
		for _, slot := range probeSlots(c) {
			if *slot.probe == nil {
				continue
			}
			path := ProbePrefix + c.Name + "/" + slot.kind
			if isOurGet((*slot.probe).HTTPGet) {
				original, ok := known[(*slot.probe).HTTPGet.Path]
				if !ok {
					*slot.probe = nil
					warnings = append(warnings, fmt.Sprintf("container %q: the %s probe was rewritten by weft and its original is lost (annotation %s); it is removed",
						c.Name, slot.kind, v1alpha1.AnnotationProbes))
					continue
				}
				probes = append(probes, redirectProbe(*slot.probe, original, path))
				continue
			}
			original, remark := originalProbe(c, *slot.probe)
			if remark != "" {
				warnings = append(warnings, fmt.Sprintf("container %q: the %s probe %s", c.Name, slot.kind, remark))
			}
			if original.Kind == "" || !config.RedirectsInbound(original.Port) {
				continue
			}
			probes = append(probes, redirectProbe(*slot.probe, original, path))
		}
	}
	return probes, warnings
}

// probeSlot is a place in a container where a probe may stand.
type probeSlot struct {
	kind  string
	probe **corev1.Probe
}

func probeSlots(c *corev1.Container) []probeSlot {
	return []probeSlot{{"startup", &c.StartupProbe}, {"liveness", &c.LivenessProbe}, {"readiness", &c.ReadinessProbe}}
}

// redirectProbe points the probe at the sidecar and gives what it was before.
// Its headers stay: the sidecar passes them on.
func redirectProbe(p *corev1.Probe, original model.Probe, path string) model.Probe {
	original.Path = path
	original.Period = seconds(p.PeriodSeconds, defaultProbePeriod)
	original.Timeout = seconds(p.TimeoutSeconds, defaultProbeTimeout)
	var headers []corev1.HTTPHeader
	if p.HTTPGet != nil {
		headers = p.HTTPGet.HTTPHeaders
	}
	p.ProbeHandler = corev1.ProbeHandler{HTTPGet: ourGet(path, headers)}
	return original
}

func seconds(n int32, otherwise time.Duration) time.Duration {
	if n <= 0 {
		return otherwise
	}
	return min(time.Duration(n)*time.Second, longestPeriod)
}

// originalProbe reads a probe as its author wrote it. The zero value stands for
// one that the kubelet can go on asking; the remark says what is odd about it.
func originalProbe(c *corev1.Container, p *corev1.Probe) (_ model.Probe, remark string) {
	switch {
	case p.HTTPGet != nil:
		return httpProbe(c, p.HTTPGet)
	case p.TCPSocket != nil:
		if p.TCPSocket.Host != "" {
			return model.Probe{}, ""
		}
		port, remark := resolvePort(c, p.TCPSocket.Port)
		if port == 0 {
			return model.Probe{}, remark
		}
		return model.Probe{Kind: model.ProbeTCP, Port: port}, ""
	case p.GRPC != nil:
		port, _ := resolvePort(c, intstr.FromInt32(p.GRPC.Port))
		if port == 0 {
			return model.Probe{}, ""
		}
		probe := model.Probe{Kind: model.ProbeGRPC, Port: port}
		if p.GRPC.Service != nil {
			probe.Service = *p.GRPC.Service
		}
		if !carriable(probe) {
			return model.Probe{}, uncarriable(port)
		}
		return probe, ""
	}
	return model.Probe{}, ""
}

// httpProbe reads an HTTP or HTTPS probe. One with a host does not go to the
// pod at all: the kubelet asks that host, from the node.
func httpProbe(c *corev1.Container, get *corev1.HTTPGetAction) (_ model.Probe, remark string) {
	if get.Host != "" {
		return model.Probe{}, ""
	}
	port, remark := resolvePort(c, get.Port)
	if port == 0 {
		return model.Probe{}, remark
	}
	probe := model.Probe{Kind: model.ProbeHTTP, Port: port, Target: requestTarget(get.Path)}
	if get.Scheme == corev1.URISchemeHTTPS {
		probe.Kind = model.ProbeHTTPS
	}
	for _, h := range get.HTTPHeaders {
		if strings.EqualFold(h.Name, "host") {
			probe.Host = h.Value
		}
	}
	if !carriable(probe) {
		return model.Probe{}, uncarriable(probe.Port)
	}
	return probe, ""
}

// carriable tells whether the controller would take the probe.
func carriable(p model.Probe) bool {
	for _, text := range []string{p.Target, p.Host, p.Service} {
		if len(text) > longestText || strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c > '~' }) {
			return false
		}
	}
	return p.Target == "" || strings.HasPrefix(p.Target, "/")
}

func uncarriable(port uint16) string {
	return fmt.Sprintf("has a path, host or service that is longer than %d or not printable ASCII, so it stays, and strict mTLS refuses it; "+
		"shorten it, or list port %d in the annotation %s", longestText, port, v1alpha1.AnnotationExcludeInboundPorts)
}

// requestTarget is the path and query that a kubelet asks for.
func requestTarget(path string) string {
	u, err := url.Parse(path)
	if err != nil {
		u = &url.URL{Path: path}
	}
	target := (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).RequestURI()
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	return target
}

// resolvePort gives a port by number; 0 where there is none. A name is one of
// the container's own ports.
func resolvePort(c *corev1.Container, port intstr.IntOrString) (number uint16, remark string) {
	value := port.IntVal
	if port.Type == intstr.String {
		value = 0
		for _, p := range c.Ports {
			if p.Name == port.StrVal {
				value = p.ContainerPort
			}
		}
		if value == 0 {
			return 0, fmt.Sprintf("asks for port %q, which the container does not have; name one of its ports or write a number", port.StrVal)
		}
	}
	if value < 1 || value > 65535 {
		return 0, "" // the API server refuses it
	}
	return uint16(value), ""
}

// knownProbes reads what an earlier injection left, by path. What it can't read
// it does not know.
func knownProbes(annotations map[string]string) map[string]model.Probe {
	var list []model.Probe
	if json.Unmarshal([]byte(annotations[v1alpha1.AnnotationProbes]), &list) != nil {
		return nil
	}
	known := map[string]model.Probe{}
	for _, p := range list {
		switch p.Kind {
		case model.ProbeHTTP, model.ProbeHTTPS, model.ProbeTCP, model.ProbeGRPC:
			if p.Port != 0 && carriable(p) {
				known[p.Path] = p
			}
		}
	}
	return known
}
