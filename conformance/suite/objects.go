package suite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/template"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// decode reads the documents of a YAML text.
func decode(text string) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	documents := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	for {
		o := &unstructured.Unstructured{}
		if err := documents.Decode(&o.Object); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("document %d: %w", len(all)+1, err)
		}
		if len(o.Object) == 0 {
			continue
		}
		if o.GetKind() == "" || o.GetAPIVersion() == "" {
			return nil, fmt.Errorf("document %d has no apiVersion or no kind", len(all)+1)
		}
		all = append(all, o)
	}
}

// render executes a template; with a stage the one that it defines under that name.
func render(text, stage string, data any) (string, error) {
	t, err := template.New("").Option("missingkey=error").Parse(text)
	if err != nil {
		return "", err
	}
	if stage != "" {
		if t = t.Lookup(stage); t == nil {
			return "", fmt.Errorf("no stage %q is defined", stage)
		}
	}
	var b bytes.Buffer
	err = t.Execute(&b, data)
	return b.String(), err
}

// store is where objects are written: a cluster, or a fake of it in the suite's own tests.
type store interface {
	put(ctx context.Context, o *unstructured.Unstructured, namespace string) error
	drop(ctx context.Context, o *unstructured.Unstructured, namespace string) error
}

func describe(o *unstructured.Unstructured) string {
	return fmt.Sprintf("%s %s/%s (%s)", o.GetKind(), o.GetNamespace(), o.GetName(), o.GetAPIVersion())
}

// put creates an object, or replaces the one that is there. What names no namespace goes into the given one.
func (c *cluster) put(ctx context.Context, o *unstructured.Unstructured, namespace string) error {
	resource, namespaced, err := c.resource(o.GroupVersionKind(), inNamespace(o, namespace))
	if err != nil {
		return err
	}
	if namespaced {
		o.SetNamespace(inNamespace(o, namespace))
	}
	for {
		_, err := resource.Create(ctx, o, metav1.CreateOptions{FieldManager: manager})
		if !apierrors.IsAlreadyExists(err) {
			return named("create", o, err)
		}
		old, err := resource.Get(ctx, o.GetName(), metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return named("read", o, err)
		}
		next := o.DeepCopy()
		next.SetResourceVersion(old.GetResourceVersion())
		_, err = resource.Update(ctx, next, metav1.UpdateOptions{FieldManager: manager})
		if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			return named("update", o, err)
		}
	}
}

// drop deletes an object and waits until it is gone.
func (c *cluster) drop(ctx context.Context, o *unstructured.Unstructured, namespace string) error {
	resource, _, err := c.resource(o.GroupVersionKind(), inNamespace(o, namespace))
	if err != nil {
		return err
	}
	// Else the pods of a Job would stay.
	err = resource.Delete(ctx, o.GetName(), metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return named("delete", o, err)
	}
	return poll(ctx, describe(o)+" to be gone", func(ctx context.Context) error {
		_, err := resource.Get(ctx, o.GetName(), metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err == nil {
			err = errors.New("it is still there")
		}
		return err
	})
}

func inNamespace(o *unstructured.Unstructured, namespace string) string {
	if o.GetNamespace() != "" {
		return o.GetNamespace()
	}
	return namespace
}

func named(verb string, o *unstructured.Unstructured, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", verb, describe(o), err)
}
