package webhooks

import (
	"os"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/versions"
)

// TestInjectIsAskedAboutWhatItTakes: what the API server selects
// (config/webhook) is what Inject would inject. The handler relies on it.
// Trap 67: kube-system and the mesh's own namespace are never asked about.
func TestInjectIsAskedAboutWhatItTakes(t *testing.T) {
	var config admissionregistrationv1.MutatingWebhookConfiguration
	read(t, "../config/webhook/inject.yaml", &config)
	if len(config.Webhooks) != 1 {
		t.Fatalf("%d webhooks, want 1", len(config.Webhooks))
	}
	hook := config.Webhooks[0]
	if got := *hook.ClientConfig.Service.Path; got != InjectPath {
		t.Errorf("the path is %s, want %s", got, InjectPath)
	}
	if *hook.FailurePolicy != admissionregistrationv1.Fail || *hook.ReinvocationPolicy != admissionregistrationv1.IfNeededReinvocationPolicy ||
		*hook.SideEffects != admissionregistrationv1.SideEffectClassNoneOnDryRun {
		t.Errorf("got %s, %s, %s", *hook.FailurePolicy, *hook.ReinvocationPolicy, *hook.SideEffects)
	}
	// Trap 60: an ephemeral container (kubectl debug) is an update of pods/ephemeralcontainers, and none of ours.
	for _, rule := range hook.Rules {
		if len(rule.Operations) != 1 || rule.Operations[0] != admissionregistrationv1.Create || len(rule.Resources) != 1 || rule.Resources[0] != "pods" {
			t.Errorf("asked about %v of %v, want the creation of pods alone", rule.Operations, rule.Resources)
		}
	}
	for _, name := range []string{"shop", "kube-system", v1alpha1.SystemNamespace} {
		for _, namespaceLabel := range []string{"", v1alpha1.InjectEnabled, v1alpha1.InjectDisabled, "true"} {
			for _, podLabel := range []string{"", v1alpha1.InjectEnabled, v1alpha1.InjectDisabled} {
				namespace := Namespace{Name: name, Labels: injectLabel(namespaceLabel)}
				pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: injectLabel(podLabel)}}
				got, err := Inject(pod, namespace, Settings{})
				if err != nil {
					t.Fatal(err)
				}
				asked := selects(t, hook.NamespaceSelector, withName(namespace)) && selects(t, hook.ObjectSelector, pod.Labels)
				if asked != (got.Pod != nil) {
					t.Errorf("namespace %s %q, pod %q: asked is %v, injected is %v", name, namespaceLabel, podLabel, asked, got.Pod != nil)
				}
			}
		}
	}
}

func TestValidateIsAskedAboutEveryKind(t *testing.T) {
	var config admissionregistrationv1.ValidatingWebhookConfiguration
	read(t, "../config/webhook/validate.yaml", &config)
	if len(config.Webhooks) != 1 || *config.Webhooks[0].ClientConfig.Service.Path != ValidatePath {
		t.Fatalf("got %+v, want one webhook at %s", config.Webhooks, ValidatePath)
	}
	asked := map[string]bool{}
	for _, rule := range config.Webhooks[0].Rules {
		for _, resource := range rule.Resources {
			for _, version := range rule.APIVersions {
				asked[rule.APIGroups[0]+"/"+version+"/"+resource] = true
			}
		}
	}
	want := []string{v1alpha1.GroupVersion.String() + "/meshconfigs"}
	for _, kind := range []model.Kind{
		model.KindTrafficSplit, model.KindTrafficTarget, model.KindHTTPRouteGroup, model.KindTCPRoute, model.KindUDPRoute, model.KindIdentityBinding,
	} {
		for _, version := range versions.Of(kind) {
			want = append(want, versions.Group(kind)+"/"+version+"/"+strings.ToLower(string(kind))+"s")
		}
	}
	for _, resource := range want {
		if !asked[resource] {
			t.Errorf("nobody asks about %s; asked is %v", resource, asked)
		}
	}
	if len(asked) != len(want) {
		t.Errorf("asked about %v, which is more than %v", asked, want)
	}
}

// Trap 67: who can't be asked is not waited for long, and there are two to ask.
func TestOneReplicaIsAlwaysThereToAsk(t *testing.T) {
	var inject admissionregistrationv1.MutatingWebhookConfiguration
	var validate admissionregistrationv1.ValidatingWebhookConfiguration
	var deployment appsv1.Deployment
	var budget policyv1.PodDisruptionBudget
	read(t, "../config/webhook/inject.yaml", &inject)
	read(t, "../config/webhook/validate.yaml", &validate)
	read(t, "../config/manager/deployment.yaml", &deployment)
	read(t, "../config/manager/disruption.yaml", &budget)
	for name, seconds := range map[string]*int32{"inject": inject.Webhooks[0].TimeoutSeconds, "validate": validate.Webhooks[0].TimeoutSeconds} {
		if seconds == nil || *seconds > 5 {
			t.Errorf("%s: the API server waits longer than five seconds", name)
		}
	}
	if *validate.Webhooks[0].FailurePolicy != admissionregistrationv1.Ignore {
		t.Error("without a controller nobody can apply SMI objects")
	}
	if *deployment.Spec.Replicas < 2 || deployment.Spec.Strategy.RollingUpdate.MaxUnavailable.IntValue() != 0 || budget.Spec.MinAvailable.IntValue() < 1 ||
		!selects(t, budget.Spec.Selector, deployment.Spec.Template.Labels) {
		t.Errorf("replicas %d, budget %+v", *deployment.Spec.Replicas, budget.Spec)
	}
}

func read(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		t.Fatal(err)
	}
}

func injectLabel(value string) map[string]string {
	if value == "" {
		return nil
	}
	return map[string]string{v1alpha1.LabelInject: value}
}

func withName(n Namespace) map[string]string {
	out := map[string]string{corev1.LabelMetadataName: n.Name}
	for name, value := range n.Labels {
		out[name] = value
	}
	return out
}

func selects(t *testing.T, selector *metav1.LabelSelector, of map[string]string) bool {
	t.Helper()
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	return s.Matches(labels.Set(of))
}
