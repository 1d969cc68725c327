package webhooks

import (
	"errors"

	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// Paths of the webhooks, as config/webhook names them.
const (
	InjectPath   = "/inject"
	ValidatePath = "/validate"
	DefaultPath  = "/default"
	// ConvertPath is named by the CRDs (config/crd).
	ConvertPath = "/convert"
)

// Register adds the webhooks to the manager's server. Every replica answers.
func Register(mgr manager.Manager, settings Settings) error {
	server := mgr.GetWebhookServer()
	if server == nil {
		return errors.New("register webhooks: the manager has no webhook server")
	}
	server.Register(InjectPath, &webhook.Admission{Handler: &PodHandler{
		Decoder:  admission.NewDecoder(mgr.GetScheme()),
		Settings: settings.Complete(),
		Events:   mgr.GetEventRecorder("weft-inject"),
	}})
	server.Register(ValidatePath, &webhook.Admission{Handler: ObjectHandler{}})
	server.Register(DefaultPath, &webhook.Admission{Handler: HeadersHandler{}})
	server.Register(ConvertPath, ConvertHandler{})
	return nil
}
