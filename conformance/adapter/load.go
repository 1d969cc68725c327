package adapter

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/template"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// Load reads an adapter's file.
func Load(path string) (Adapter, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Adapter{}, fmt.Errorf("adapter: %w", err)
	}
	a, err := Parse(data)
	if err != nil {
		return Adapter{}, fmt.Errorf("adapter %s: %w", path, err)
	}
	return a, nil
}

// Parse reads an adapter, strictly, fills the defaults and checks it.
func Parse(data []byte) (Adapter, error) {
	asJSON, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return Adapter{}, err
	}
	var a Adapter
	strict, err := json.UnmarshalStrict(asJSON, &a)
	if err = errors.Join(append(strict, err)...); err != nil {
		return Adapter{}, err
	}
	a = a.withDefaults()
	return a, a.check()
}

// Objects fills in the namespace in a manifest: {{.Namespace}}.
func (m Membership) Objects(namespace string) (string, error) {
	t, err := template.New("manifest").Option("missingkey=error").Parse(m.Manifest)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, struct{ Namespace string }{namespace}); err != nil {
		return "", err
	}
	return out.String(), nil
}

// check says all that is wrong at once.
func (a Adapter) check() error {
	var wrong []error
	for _, f := range []struct{ name, value string }{
		{"organization", a.Implementation.Organization},
		{"project", a.Implementation.Project},
		{"url", a.Implementation.URL},
		{"version", a.Implementation.Version},
	} {
		if f.value == "" {
			wrong = append(wrong, fmt.Errorf("implementation.%s is missing", f.name))
		}
	}
	for _, m := range []struct {
		name string
		Membership
	}{{"mesh.join", a.Mesh.Join}, {"mesh.outside", a.Mesh.Outside}, {"access.deny", a.Access.Deny}, {"access.allow", a.Access.Allow}} {
		wrong = append(wrong, m.check(m.name)...)
	}
	for _, p := range []struct {
		name string
		Port
	}{{"http", a.Ports.HTTP}, {"grpc", a.Ports.GRPC}, {"tcp", a.Ports.TCP}, {"udp", a.Ports.UDP}} {
		for _, text := range validation.IsValidPortName(p.Port.Name) {
			wrong = append(wrong, fmt.Errorf("ports.%s.name %q: %s", p.name, p.Port.Name, text))
		}
	}
	wrong = append(wrong, a.Settings.check()...)
	return errors.Join(append(wrong, a.checkLists()...)...)
}

// checkLists checks what is listed by name.
func (a Adapter) checkLists() []error {
	var wrong []error
	for i, r := range a.Ready {
		if r.APIVersion == "" || r.Kind == "" || r.Name == "" {
			wrong = append(wrong, fmt.Errorf("ready[%d] needs apiVersion, kind and name", i))
		}
	}
	for feature, reason := range a.Skip {
		if strings.TrimSpace(reason) == "" {
			wrong = append(wrong, fmt.Errorf("skip.%s has no reason: say why the mesh does not do it", feature))
		}
	}
	return wrong
}

func (m Membership) check(name string) []error {
	var wrong []error
	for _, part := range []struct {
		name string
		Metadata
	}{{"namespace", m.Namespace}, {"pod", m.Pod}} {
		path := field.NewPath(name, part.name)
		invalid := metav1validation.ValidateLabels(part.Labels, path.Child("labels"))
		invalid = append(invalid, apivalidation.ValidateAnnotations(part.Annotations, path.Child("annotations"))...)
		for _, err := range invalid {
			wrong = append(wrong, err)
		}
	}
	if _, err := m.Objects("any"); err != nil {
		wrong = append(wrong, fmt.Errorf("%s.manifest: %w", name, err))
	}
	return wrong
}

func (s Settings) check() []error {
	var wrong []error
	if s.Confidence < 0.9 || s.Confidence >= 1 {
		wrong = append(wrong, fmt.Errorf("settings.confidence is %v: give one from 0.9 to less than 1", s.Confidence))
	}
	if s.Convergence.Duration < 0 {
		wrong = append(wrong, fmt.Errorf("settings.convergence is %v: give a time to wait", s.Convergence.Duration))
	}
	if s.Stable < 1 {
		wrong = append(wrong, fmt.Errorf("settings.stable is %d: give a count of answers", s.Stable))
	}
	return wrong
}
