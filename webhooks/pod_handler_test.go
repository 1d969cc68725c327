package webhooks

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

func podRequest(pod string, dryRun bool) admission.Request {
	return admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		UID: "u", Operation: admissionv1.Create, Namespace: "shop", DryRun: &dryRun,
		Object: runtime.RawExtension{Raw: []byte(pod)},
	}}
}

func podHandler() (*PodHandler, *events.FakeRecorder) {
	recorder := events.NewFakeRecorder(10)
	return &PodHandler{Decoder: admission.NewDecoder(clientgoscheme.Scheme), Settings: settings, Events: recorder}, recorder
}

const (
	plainPod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"app"}]}}`
	hostPod  = `{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"web-",
		"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-1","uid":"r","controller":true}]},"spec":{"hostNetwork":true}}`
)

// Trap 60: twice is once.
func TestHandlePatchesThePod(t *testing.T) {
	handler, recorder := podHandler()
	response := handler.Handle(context.Background(), podRequest(plainPod, false))
	if !response.Allowed {
		t.Fatalf("refused: %v", response.Result)
	}
	ops, err := json.Marshal(response.Patches)
	if err != nil {
		t.Fatal(err)
	}
	patch, err := jsonpatch.DecodePatch(ops)
	if err != nil {
		t.Fatal(err)
	}
	out, err := patch.Apply([]byte(plainPod))
	if err != nil {
		t.Fatal(err)
	}
	var pod corev1.Pod
	if err := json.Unmarshal(out, &pod); err != nil {
		t.Fatal(err)
	}
	if len(pod.Spec.InitContainers) != 2 || pod.Spec.InitContainers[0].Name != "weft-init" || pod.Spec.InitContainers[1].Name != "weft-proxy" {
		t.Errorf("got %s", out)
	}
	if again := handler.Handle(context.Background(), podRequest(string(out), false)); !again.Allowed || len(again.Patches) != 0 {
		t.Errorf("the second time patches %v", again.Patches)
	}
	if len(recorder.Events) != 0 {
		t.Errorf("an injected pod has an event: %s", <-recorder.Events)
	}
}

func TestHandleTellsOfAPodOfTheNodesNetwork(t *testing.T) {
	handler, recorder := podHandler()
	response := handler.Handle(context.Background(), podRequest(hostPod, false))
	if !response.Allowed || len(response.Patches) != 0 {
		t.Errorf("got %+v", response)
	}
	if len(recorder.Events) != 1 {
		t.Fatalf("%d events, want 1", len(recorder.Events))
	}
	if got := <-recorder.Events; !strings.Contains(got, "Warning NotInjected pod web-*: ") || !strings.Contains(got, "hostNetwork") {
		t.Errorf("got %q", got)
	}
}

// Trap 60: a dry run has no effect.
func TestHandleDryRunHasNoEffect(t *testing.T) {
	handler, recorder := podHandler()
	if response := handler.Handle(context.Background(), podRequest(hostPod, true)); !response.Allowed {
		t.Errorf("refused: %v", response.Result)
	}
	if len(recorder.Events) != 0 {
		t.Errorf("a dry run has an event: %s", <-recorder.Events)
	}
	if response := handler.Handle(context.Background(), podRequest(plainPod, true)); len(response.Patches) == 0 {
		t.Error("a dry run does not show what would be injected")
	}
}

func TestHandleRefuses(t *testing.T) {
	tests := map[string]struct {
		pod  string
		code int32
		want string
	}{
		"wrong annotation": {`{"metadata":{"annotations":{"weft.mesh/exclude-inbound-ports":"http"}}}`, http.StatusForbidden, "weft.mesh/exclude-inbound-ports"},
		"no pod":           {`{"spec":7}`, http.StatusBadRequest, "pod shop/"},
		"nothing":          {``, http.StatusBadRequest, "no content"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			handler, _ := podHandler()
			response := handler.Handle(context.Background(), podRequest(strings.Replace(test.pod, "{", `{"apiVersion":"v1","kind":"Pod",`, 1), false))
			if response.Allowed || response.Result.Code != test.code || !strings.Contains(response.Result.Message, test.want) {
				t.Errorf("got %+v, want %d with %q", response.Result, test.code, test.want)
			}
		})
	}
}
