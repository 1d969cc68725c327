package webhooks

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/internal/podnet"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/kube"
	"github.com/weft-mesh/weft/translators/model"
)

// The annotations by which a pod tells Prometheus what to scrape, as most
// configurations of its kubernetes_sd heed them.
const (
	annotationScrape       = "prometheus.io/scrape"
	annotationScrapeScheme = "prometheus.io/scheme"
	annotationScrapePort   = "prometheus.io/port"
	annotationScrapePath   = "prometheus.io/path"
)

var sidecarsPort = strconv.Itoa(envoy.MetricsPort)

// application is what envoy.ApplicationEnv and AnnotationApplicationMetrics say.
var application = regexp.MustCompile(`^https?://:([0-9]+)(/.*)$`)

// rewriteScrape leads whoever scrapes the pod to the sidecar, and gives where
// the sidecar finds the application's own metrics; empty where there are none.
// A pod that says it is not to be scraped stays as it is.
func rewriteScrape(pod *corev1.Pod) (metrics string, warnings []string) {
	a := pod.Annotations
	scrape, said := a[annotationScrape]
	if said && scrape != "true" {
		delete(a, v1alpha1.AnnotationApplicationMetrics)
		return "", nil
	}
	switch {
	case said && a[annotationScrapePort] == sidecarsPort:
		metrics = a[v1alpha1.AnnotationApplicationMetrics]
		if !merged(metrics) {
			metrics = ""
		}
	case said:
		var remark string
		if metrics, remark = scraped(pod); remark != "" {
			warnings = append(warnings, remark+"; the application's own metrics are not scraped")
		}
	}
	if a == nil {
		a = map[string]string{}
		pod.Annotations = a
	}
	maps.Copy(a, map[string]string{
		annotationScrape: "true", annotationScrapeScheme: "http", annotationScrapePort: sidecarsPort, annotationScrapePath: envoy.MetricsPath,
	})
	delete(a, v1alpha1.AnnotationApplicationMetrics)
	if metrics != "" {
		a[v1alpha1.AnnotationApplicationMetrics] = metrics
	}
	return metrics, warnings
}

// merged tells whether the sidecar may ask there.
func merged(metrics string) bool {
	parts := application.FindStringSubmatch(metrics)
	return parts != nil && scrapePort(parts[1]) != 0 && carriable(model.Probe{Target: parts[2]})
}

// scrapePort reads the port of an application; 0 for what is none.
func scrapePort(text string) uint16 {
	n, err := strconv.ParseUint(text, 10, 16)
	port := uint16(n)
	if err != nil || port >= podnet.FirstReservedPort && port <= podnet.LastReservedPort {
		return 0
	}
	return port
}

// scraped reads the annotations as the pod's author wrote them; a remark says
// why they can't be heeded.
func scraped(pod *corev1.Pod) (metrics, remark string) {
	text, ok := pod.Annotations[annotationScrapePort]
	if !ok {
		ports := declaredPorts(&pod.Spec)
		if len(ports) != 1 {
			return "", fmt.Sprintf("the pod has the annotation %s and %d ports; write which is meant in the annotation %s", annotationScrape, len(ports), annotationScrapePort)
		}
		text = strconv.Itoa(int(ports[0]))
	}
	port := scrapePort(text)
	if port == 0 {
		return "", fmt.Sprintf("annotation %s is %q: write the number of a port of the application", annotationScrapePort, text)
	}
	scheme := or(pod.Annotations[annotationScrapeScheme], "http")
	if scheme != "http" && scheme != "https" {
		return "", fmt.Sprintf("annotation %s is %q: write http or https", annotationScrapeScheme, scheme)
	}
	path := requestTarget(or(pod.Annotations[annotationScrapePath], "/metrics"))
	if !carriable(model.Probe{Target: path}) {
		return "", fmt.Sprintf("annotation %s is longer than %d or not printable ASCII: shorten it", annotationScrapePath, longestText)
	}
	return fmt.Sprintf("%s://:%d%s", scheme, port, path), ""
}

// declaredPorts are the TCP ports of a pod's own containers.
func declaredPorts(spec *corev1.PodSpec) []int32 {
	var ports []int32
	for _, c := range containers(spec) {
		for _, p := range c.Ports {
			if p.Protocol == "" || p.Protocol == corev1.ProtocolTCP {
				ports = append(ports, p.ContainerPort)
			}
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// metricsEnv tells the sidecar what its metrics are of.
func metricsEnv(pod *corev1.Pod, metrics string) []corev1.EnvVar {
	var env []corev1.EnvVar
	if w := kube.Workload(pod); w.Kind != "pods" {
		env = append(env, corev1.EnvVar{Name: envoy.WorkloadEnv, Value: w.Kind + "/" + w.Name})
	}
	if metrics != "" {
		// The kubelet puts other variables in place of $(NAME).
		env = append(env, corev1.EnvVar{Name: envoy.ApplicationEnv, Value: strings.ReplaceAll(metrics, "$", "$$")})
	}
	return env
}
