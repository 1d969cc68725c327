package controllers

import (
	"context"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/weft-mesh/weft/webhooks"
)

// webhookServer answers the API server of a test, which can't reach Services.
type webhookServer struct{ *httptest.Server }

func serveWebhooks() webhookServer {
	mux := http.NewServeMux()
	mux.Handle(webhooks.ConvertPath, webhooks.ConvertHandler{})
	mux.Handle(webhooks.ValidatePath, &admission.Webhook{Handler: webhooks.ObjectHandler{}})
	mux.Handle(webhooks.DefaultPath, &admission.Webhook{Handler: webhooks.HeadersHandler{}})
	return webhookServer{httptest.NewTLSServer(mux)}
}

func (s webhookServer) bundle() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}

// extensions is a client that knows CRDs.
func extensions(config *rest.Config) (client.Client, error) {
	s := runtime.NewScheme()
	if err := apiextensionsv1.AddToScheme(s); err != nil {
		return nil, err
	}
	return client.New(config, client.Options{Scheme: s})
}

// convert has the SMI kinds of several versions converted here.
func (s webhookServer) convert(config *rest.Config) error {
	c, err := extensions(config)
	if err != nil {
		return err
	}
	var crds apiextensionsv1.CustomResourceDefinitionList
	if err := c.List(context.Background(), &crds); err != nil {
		return fmt.Errorf("list CRDs: %w", err)
	}
	for i := range crds.Items {
		crd := &crds.Items[i]
		// envtest leaves the conversion out of what it installs.
		if !strings.HasSuffix(crd.Spec.Group, ".smi-spec.io") || len(crd.Spec.Versions) < 2 {
			continue
		}
		before := crd.DeepCopy()
		crd.Spec.Conversion = &apiextensionsv1.CustomResourceConversion{
			Strategy: apiextensionsv1.WebhookConverter,
			Webhook: &apiextensionsv1.WebhookConversion{
				ConversionReviewVersions: []string{"v1"},
				ClientConfig:             &apiextensionsv1.WebhookClientConfig{URL: ptr.To(s.URL + webhooks.ConvertPath), CABundle: s.bundle()},
			},
		}
		if err := c.Patch(context.Background(), crd, client.MergeFrom(before)); err != nil {
			return fmt.Errorf("convert %s here: %w", crd.Name, err)
		}
	}
	return nil
}

// admit has the objects of one namespace admitted as in production.
func (s webhookServer) admit(t *testing.T, c client.Client, ns string) {
	t.Helper()
	validate, mutate := &admissionregistrationv1.ValidatingWebhookConfiguration{}, &admissionregistrationv1.MutatingWebhookConfiguration{}
	load(t, "validate.yaml", validate)
	load(t, "default.yaml", mutate)
	validate.Name, mutate.Name = "validate-"+ns, "default-"+ns
	here := &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": ns}}
	fail := admissionregistrationv1.Fail
	for i := range validate.Webhooks {
		validate.Webhooks[i].NamespaceSelector, validate.Webhooks[i].FailurePolicy = here, &fail
		validate.Webhooks[i].ClientConfig = admissionregistrationv1.WebhookClientConfig{URL: ptr.To(s.URL + webhooks.ValidatePath), CABundle: s.bundle()}
	}
	for i := range mutate.Webhooks {
		mutate.Webhooks[i].NamespaceSelector, mutate.Webhooks[i].FailurePolicy = here, &fail
		mutate.Webhooks[i].ClientConfig = admissionregistrationv1.WebhookClientConfig{URL: ptr.To(s.URL + webhooks.DefaultPath), CABundle: s.bundle()}
	}
	create(t, c, validate)
	create(t, c, mutate)
}
