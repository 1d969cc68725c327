package webhooks

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/envoy"
)

// What a pod's annotations say of its metrics, the sidecar is told, or the pod's
// author hears why not. The pod is injected in any case, and always scraped at
// the sidecar.
func TestScrapedAnnotations(t *testing.T) {
	two := []corev1.ContainerPort{{ContainerPort: 80}, {ContainerPort: 9102}}
	for name, test := range map[string]struct {
		annotations map[string]string
		ports       []corev1.ContainerPort
		want        string
		warning     string
	}{
		"nothing said":         {nil, two, "", ""},
		"not scraped, so far":  {map[string]string{annotationScrapePort: "9102"}, two, "", ""},
		"port":                 {map[string]string{annotationScrape: "true", annotationScrapePort: "9102"}, two, "http://:9102/metrics", ""},
		"relative path":        {map[string]string{annotationScrape: "true", annotationScrapePort: "1", annotationScrapePath: "stats"}, nil, "http://:1/stats", ""},
		"two ports, none said": {map[string]string{annotationScrape: "true"}, two, "", "2 ports"},
		"no port at all":       {map[string]string{annotationScrape: "true"}, nil, "", "0 ports"},
		"named port":           {map[string]string{annotationScrape: "true", annotationScrapePort: "http"}, two, "", `prometheus.io/port is "http"`},
		"port 0":               {map[string]string{annotationScrape: "true", annotationScrapePort: "0"}, two, "", `prometheus.io/port is "0"`},
		"Envoy's admin":        {map[string]string{annotationScrape: "true", annotationScrapePort: "15000"}, two, "", `prometheus.io/port is "15000"`},
		"scheme":               {map[string]string{annotationScrape: "true", annotationScrapePort: "1", annotationScrapeScheme: "ftp"}, nil, "", `prometheus.io/scheme is "ftp"`},
		"long path":            {map[string]string{annotationScrape: "true", annotationScrapePort: "1", annotationScrapePath: strings.Repeat("x", 2000)}, nil, "", "shorten it"},
		"injected before": {map[string]string{
			annotationScrape: "true", annotationScrapePort: "15020", v1alpha1.AnnotationApplicationMetrics: "https://:9102/m",
		}, two, "https://:9102/m", ""},
		"injected before, and tampered with": {map[string]string{
			annotationScrape: "true", annotationScrapePort: "15020", v1alpha1.AnnotationApplicationMetrics: "http://:15000/quitquitquit",
		}, two, "", ""},
		"another host": {map[string]string{
			annotationScrape: "true", annotationScrapePort: "15020", v1alpha1.AnnotationApplicationMetrics: "http://db:80/",
		}, two, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: test.annotations}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Ports: test.ports}}}}
			got := inject(t, pod)
			if a := got.Pod.Annotations; a[annotationScrape] != "true" || a[annotationScrapePort] != "15020" || a[annotationScrapePath] != envoy.MetricsPath || a[annotationScrapeScheme] != "http" {
				t.Errorf("it is scraped at %v", a)
			}
			if metrics := env(got.Pod)[envoy.ApplicationEnv]; metrics != test.want || got.Pod.Annotations[v1alpha1.AnnotationApplicationMetrics] != test.want {
				t.Errorf("the sidecar scrapes %q, want %q", metrics, test.want)
			}
			if warnings := strings.Join(got.Warnings, "; "); (test.warning == "") != (warnings == "") || !strings.Contains(warnings, test.warning) {
				t.Errorf("warnings %q, want %q", warnings, test.warning)
			}
		})
	}
}

// env is what the sidecar's environment says outright.
func env(pod *corev1.Pod) map[string]string {
	values := map[string]string{}
	for _, e := range pod.Spec.InitContainers[1].Env {
		values[e.Name] = e.Value
	}
	return values
}
