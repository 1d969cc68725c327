package webhooks

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// in is a namespace with one LimitRange, whose items are YAML, and perhaps a
// quota.
func in(t *testing.T, items, quota string) Namespace {
	t.Helper()
	n := Namespace{Name: "shop", Labels: enabled}
	if items != "" {
		l := corev1.LimitRange{ObjectMeta: metav1.ObjectMeta{Name: "bounds"}}
		if err := yaml.UnmarshalStrict([]byte(items), &l.Spec.Limits); err != nil {
			t.Fatal(err)
		}
		n.LimitRanges = append(n.LimitRanges, l)
	}
	if quota != "" {
		q := corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "q"}}
		if err := yaml.UnmarshalStrict([]byte(quota), &q.Spec.Hard); err != nil {
			t.Fatal(err)
		}
		n.Quotas = append(n.Quotas, q)
	}
	return n
}

// print is "request/limit" of CPU and of memory.
func print(r corev1.ResourceRequirements) string {
	one := func(list corev1.ResourceList, name corev1.ResourceName) string {
		if q, ok := list[name]; ok {
			return q.String()
		}
		return "-"
	}
	return fmt.Sprintf("%s/%s %s/%s", one(r.Requests, "cpu"), one(r.Limits, "cpu"), one(r.Requests, "memory"), one(r.Limits, "memory"))
}

// What a namespace allows, and what the sidecar then asks for.
func TestTheSidecarFitsItsNamespace(t *testing.T) {
	tests := map[string]struct {
		items, quota string
		annotations  map[string]string
		mesh         string
		proxy, init  string
	}{
		"nothing asked":          {proxy: "10m/- 64Mi/512Mi"},
		"min":                    {items: "[{type: Container, min: {cpu: 50m, memory: 128Mi}}]", proxy: "50m/- 128Mi/512Mi"},
		"max":                    {items: "[{type: Container, max: {memory: 256Mi}}]", proxy: "10m/- 64Mi/256Mi"},
		"max of CPU":             {items: "[{type: Container, max: {cpu: 5m}, default: {cpu: 5m}}]", proxy: "5m/- 64Mi/512Mi"},
		"ratio":                  {items: `[{type: Container, maxLimitRequestRatio: {memory: "4"}}]`, proxy: "10m/- 128Mi/512Mi"},
		"ratio of one":           {items: `[{type: Container, maxLimitRequestRatio: {cpu: "1", memory: "1"}}]`, proxy: "200m/200m 512Mi/512Mi"},
		"ratio that is odd":      {items: `[{type: Container, maxLimitRequestRatio: {memory: 1500m}}]`, proxy: "10m/- 342Mi/512Mi"},
		"ratio, default":         {items: `[{type: Container, default: {cpu: 100m}, maxLimitRequestRatio: {cpu: "5"}}]`, proxy: "20m/- 64Mi/512Mi"},
		"default":                {items: "[{type: Container, default: {cpu: 100m, memory: 128Mi}, defaultRequest: {cpu: 20m}}]", proxy: "10m/- 64Mi/512Mi"},
		"quota of limits":        {quota: `{limits.cpu: "4", limits.memory: 4Gi}`, proxy: "10m/200m 64Mi/512Mi"},
		"quota and default":      {items: "[{type: Container, default: {cpu: 100m}}]", quota: `{limits.cpu: "4"}`, proxy: "10m/- 64Mi/512Mi"},
		"quota of requests":      {quota: `{requests.cpu: "4", pods: "9"}`, proxy: "10m/- 64Mi/512Mi"},
		"pod's max":              {items: "[{type: Pod, max: {memory: 300Mi}}]", proxy: "10m/- 64Mi/200Mi"},
		"two of them":            {items: `[{type: Container, max: {memory: 1Gi}}, {type: Container, min: {memory: 80Mi}, max: {memory: 400Mi}}]`, proxy: "10m/- 80Mi/400Mi"},
		"of something else":      {items: `[{type: PersistentVolumeClaim, max: {storage: 1Gi}}, {type: Container, min: {ephemeral-storage: 1Gi}}]`, proxy: "10m/- 64Mi/512Mi"},
		"by annotation":          {annotations: map[string]string{AnnotationProxyCPULimit: "1", AnnotationProxyMemoryRequest: "100Mi"}, proxy: "10m/1 100Mi/512Mi"},
		"more than the limit":    {annotations: map[string]string{AnnotationProxyMemoryRequest: "1Gi"}, proxy: "10m/- 1Gi/1Gi"},
		"less than the request":  {annotations: map[string]string{AnnotationProxyMemoryLimit: "64Mi"}, mesh: "{proxy: {requests: {memory: 100Mi}}}", proxy: "10m/- 64Mi/64Mi"},
		"short forms":            {annotations: map[string]string{AnnotationProxyCPU: "50m", AnnotationProxyMemory: "1Gi"}, proxy: "50m/- 64Mi/1Gi"},
		"long forms win":         {annotations: map[string]string{AnnotationProxyMemory: "1Gi", AnnotationProxyMemoryLimit: "2Gi"}, proxy: "10m/- 64Mi/2Gi"},
		"annotation and default": {items: "[{type: Container, default: {cpu: 100m}}]", annotations: map[string]string{AnnotationProxyCPURequest: "300m"}, proxy: "300m/300m 64Mi/512Mi", init: "100m/- 64Mi/512Mi"},
		"annotation and ratio":   {items: `[{type: Container, maxLimitRequestRatio: {memory: "4"}}]`, annotations: map[string]string{AnnotationProxyMemoryRequest: "100Mi"}, proxy: "10m/- 100Mi/400Mi", init: "10m/- 128Mi/512Mi"},
		"of weft-init alone":     {annotations: map[string]string{AnnotationInitCPULimit: "2", AnnotationInitMemoryLimit: "80Mi"}, proxy: "10m/- 64Mi/512Mi", init: "10m/2 64Mi/80Mi"},
		"by the mesh": {
			mesh: "{proxy: {limits: {cpu: 1}}, init: {requests: {cpu: 20m}}}", items: "[{type: Container, max: {cpu: 500m}, default: {cpu: 500m}}]",
			proxy: "10m/500m 64Mi/512Mi", init: "20m/500m 64Mi/512Mi",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: test.annotations}, Spec: corev1.PodSpec{Containers: []corev1.Container{
				{Name: "app", Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{"memory": resource.MustParse("100Mi")}}},
			}}}
			with := settings
			if err := yaml.UnmarshalStrict([]byte(test.mesh), &with.sidecar); err != nil {
				t.Fatal(err)
			}
			got := injectIn(t, pod, in(t, test.items, test.quota), with).Pod.Spec.InitContainers
			if proxy := print(got[1].Resources); proxy != test.proxy {
				t.Errorf("weft-proxy has %s, want %s", proxy, test.proxy)
			}
			if init := print(got[0].Resources); init != or(test.init, test.proxy) {
				t.Errorf("weft-init has %s, want %s", init, or(test.init, test.proxy))
			}
		})
	}
}

// A pod that can't be made is refused with what mends it.
func TestWhatDoesNotFitIsRefused(t *testing.T) {
	tests := map[string]struct {
		items          string
		pod, namespace map[string]string
		mesh           string
		want           []string
	}{
		"more than max": {
			items: "[{type: Container, max: {memory: 256Mi}}]", pod: map[string]string{AnnotationProxyMemory: "1Gi"},
			want: []string{`annotation weft.mesh/proxy-memory is "1Gi"`, `LimitRange "bounds"`, "at most 256Mi of memory", "write that or less"},
		},
		"less than min": {
			items: "[{type: Container, min: {cpu: 50m}}]", namespace: map[string]string{AnnotationInitCPURequest: "20m"},
			want: []string{`annotation weft.mesh/init-cpu-request of the namespace is "20m"`, "no less than 50m of cpu", "write that or more"},
		},
		"ratio": {
			items: `[{type: Container, maxLimitRequestRatio: {memory: "4"}}]`, pod: map[string]string{AnnotationProxyMemoryRequest: "100Mi", AnnotationProxyMemoryLimit: "1Gi"},
			want: []string{`annotation weft.mesh/proxy-memory-request is "100Mi"`, "at most 4 times", "weft.mesh/proxy-memory-limit says 1Gi"},
		},
		"ratio, and the least": {
			items: `[{type: Container, maxLimitRequestRatio: {memory: "2"}}]`, pod: map[string]string{AnnotationProxyMemoryRequest: "10Mi"},
			want: []string{`annotation weft.mesh/proxy-memory-request is "10Mi"`, "raise it"},
		},
		"no room": {
			items: "[{type: Container, max: {memory: 32Mi}}]",
			want:  []string{"container weft-proxy needs 64Mi of memory", `LimitRange "bounds"`, "at most 32Mi", "weft.mesh/inject: disabled"},
		},
		"no room in the pod": {
			items: "[{type: Pod, max: {memory: 128Mi}}]",
			want:  []string{"container weft-proxy needs 64Mi of memory", "with what the pod's own containers may use", "at most 28Mi"},
		},
		"request above limit": {
			pod:  map[string]string{AnnotationProxyCPURequest: "2", AnnotationProxyCPULimit: "1"},
			want: []string{`annotation weft.mesh/proxy-cpu-request is "2"`, "the limit of 1 that annotation weft.mesh/proxy-cpu-limit says"},
		},
		"no number": {
			namespace: map[string]string{AnnotationProxyCPULimit: "much"},
			want:      []string{`annotation weft.mesh/proxy-cpu-limit of the namespace is "much"`, "as in 100m"},
		},
		"too little by the mesh": {
			mesh: "{proxy: {limits: {memory: 10Mi}}}",
			want: []string{"container weft-proxy has a limit of 10Mi", "spec.sidecar"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: test.pod}, Spec: corev1.PodSpec{Containers: []corev1.Container{
				{Name: "app", Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{"memory": resource.MustParse("100Mi")}}},
			}}}
			namespace := in(t, test.items, "")
			namespace.Annotations = test.namespace
			with := settings
			if err := yaml.UnmarshalStrict([]byte(test.mesh), &with.sidecar); err != nil {
				t.Fatal(err)
			}
			got, err := Inject(pod, namespace, with)
			if err == nil {
				t.Fatalf("got %v, want a refusal", print(got.Pod.Spec.InitContainers[1].Resources))
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not hold %q", err, want)
				}
			}
		})
	}
}

// A pod that a quota has room for, but not with its sidecar.
func TestWhatAQuotaHasNoRoomForIsRefused(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	app := corev1.Container{Name: "app", Resources: corev1.ResourceRequirements{
		Requests: corev1.ResourceList{"cpu": resource.MustParse("100m"), "memory": resource.MustParse("64Mi")},
		Limits:   corev1.ResourceList{"cpu": resource.MustParse("200m"), "memory": resource.MustParse("128Mi")},
	}}
	sidecar, init := app, app
	sidecar.Name, sidecar.RestartPolicy, init.Name = "sidecar", &always, "init"
	tests := map[string]struct {
		hard, used  string
		annotations map[string]string
		more        []corev1.Container
		scopes      []corev1.ResourceQuotaScope
		want        string
	}{
		"room":                    {hard: "{limits.memory: 1Gi}", used: "{limits.memory: 384Mi}"},
		"no room":                 {hard: "{limits.memory: 1Gi}", used: "{limits.memory: 385Mi}", want: `ResourceQuota "q" has room for 639Mi more of limits.memory; the pod counts 128Mi, and 640Mi with its sidecar: lower it by the annotations weft.mesh/proxy-memory-limit and weft.mesh/init-memory-limit`},
		"mended":                  {hard: "{limits.memory: 1Gi}", used: "{limits.memory: 385Mi}", annotations: map[string]string{AnnotationProxyMemoryLimit: "511Mi"}},
		"not the sidecar's fault": {hard: "{limits.memory: 100Mi}", used: "{limits.memory: 0}"},
		"requests":                {hard: "{requests.cpu: 100m}", used: "{}", want: "weft.mesh/proxy-cpu-request"},
		"requests, in short":      {hard: "{memory: 100Mi}", used: "{}", want: "weft.mesh/proxy-memory-request"},
		"a CPU limit":             {hard: "{limits.cpu: 300m}", used: "{}", want: "weft.mesh/proxy-cpu-limit"},
		"with a sidecar":          {hard: "{limits.memory: 767Mi}", used: "{}", more: []corev1.Container{sidecar}, want: "the pod counts 256Mi, and 768Mi"},
		"with an init container":  {hard: "{limits.memory: 768Mi}", used: "{}", more: []corev1.Container{sidecar, init}},
		"weft-init":               {hard: "{limits.memory: 700Mi}", used: "{}", annotations: map[string]string{AnnotationInitMemoryLimit: "701Mi"}, want: "weft.mesh/init-memory-limit"},
		"of some pods":            {hard: "{limits.memory: 200Mi}", used: "{}", scopes: []corev1.ResourceQuotaScope{corev1.ResourceQuotaScopeTerminating}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			q := corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "q"}, Spec: corev1.ResourceQuotaSpec{Scopes: test.scopes}}
			if err := yaml.UnmarshalStrict([]byte(test.hard), &q.Status.Hard); err != nil {
				t.Fatal(err)
			}
			if err := yaml.UnmarshalStrict([]byte(test.used), &q.Status.Used); err != nil {
				t.Fatal(err)
			}
			q.Spec.Hard = q.Status.Hard
			namespace := shop
			namespace.Quotas = []corev1.ResourceQuota{q}
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: test.annotations}, Spec: corev1.PodSpec{InitContainers: test.more, Containers: []corev1.Container{app}}}
			if test.want == "" {
				injectIn(t, pod, namespace, settings)
				return
			}
			if got, err := Inject(pod, namespace, settings); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v; want %q", got.Pod != nil, err, test.want)
			}
		})
	}
}

func TestAFullQuotaOfConfigMapsIsWarnedOf(t *testing.T) {
	namespace := shop
	namespace.FullQuota = `"q" (count/configmaps: 1)`
	got := injectIn(t, &corev1.Pod{}, namespace, settings)
	if len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], `ResourceQuota "q" (count/configmaps: 1) has no room for it`) {
		t.Errorf("got %q", got.Warnings)
	}
}

func TestDNSThatMayNotFindTheController(t *testing.T) {
	whole, part := "weft-controller.weft-system.svc.cluster.local.", "weft-controller.weft-system.svc"
	ndots := func(n string) *corev1.PodDNSConfig {
		return &corev1.PodDNSConfig{Options: []corev1.PodDNSConfigOption{{Name: "ndots", Value: &n}}}
	}
	for name, test := range map[string]struct {
		host string
		spec corev1.PodSpec
		want string
	}{
		"own servers":               {whole, corev1.PodSpec{DNSPolicy: corev1.DNSNone, DNSConfig: &corev1.PodDNSConfig{Nameservers: []string{"192.0.2.1"}}}, "name servers (192.0.2.1) know " + whole},
		"own servers, no domain":    {part, corev1.PodSpec{DNSPolicy: corev1.DNSNone, DNSConfig: &corev1.PodDNSConfig{Nameservers: []string{"192.0.2.1"}}}, "searches and ndots"},
		"the node's":                {whole, corev1.PodSpec{DNSPolicy: corev1.DNSDefault}, "(the node's)"},
		"few dots":                  {whole, corev1.PodSpec{DNSConfig: ndots("1")}, ""},
		"few dots, no domain":       {part, corev1.PodSpec{DNSConfig: ndots("2")}, "--cluster-domain"},
		"enough dots, no domain":    {part, corev1.PodSpec{DNSConfig: ndots("3")}, ""},
		"as most pods are":          {part, corev1.PodSpec{}, ""},
		"a value that is no number": {part, corev1.PodSpec{DNSConfig: ndots("many")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			with := settings
			with.ControllerHost = test.host
			got := injectIn(t, &corev1.Pod{Spec: test.spec}, shop, with).Warnings
			if test.want == "" && len(got) > 0 || test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
