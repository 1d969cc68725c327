package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// System is the namespace that weft runs in.
const System = "weft-system"

// fieldOwner is the name under which objects are applied.
const fieldOwner = "weft-test"

// Cluster is a connection to the cluster that KUBECONFIG names.
type Cluster struct {
	// Client reads and writes any object.
	Client client.WithWatch
	// Kube has what Client has not: pods' logs and their exec.
	Kube kubernetes.Interface

	config *rest.Config
}

// ErrNoCluster says that KUBECONFIG names none.
var ErrNoCluster = errors.New("KUBECONFIG names no cluster; start one with: bin/lab run --mesh -- COMMAND")

// Connect connects to the cluster that KUBECONFIG names.
func Connect() (*Cluster, error) {
	path := os.Getenv("KUBECONFIG")
	if path == "" {
		return nil, ErrNoCluster
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	config.QPS, config.Burst = 500, 1000
	config.WarningHandler = rest.NoWarnings{}
	web, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for %s: %w", config.Host, err)
	}
	return connect(config, web)
}

func connect(config *rest.Config, web *http.Client) (*Cluster, error) {
	objects, err := client.NewWithWatch(config, client.Options{HTTPClient: web})
	if err != nil {
		return nil, fmt.Errorf("make a client for %s: %w", config.Host, err)
	}
	kube, err := kubernetes.NewForConfigAndClient(config, web)
	if err != nil {
		return nil, fmt.Errorf("make a client for %s: %w", config.Host, err)
	}
	return &Cluster{Client: objects, Kube: kube, config: config}, nil
}

// Apply applies the documents of a YAML text as kubectl does. What names no namespace goes into the given one.
func (c *Cluster) Apply(ctx context.Context, namespace, text string) error {
	return c.each(namespace, text, func(o *unstructured.Unstructured) error {
		return c.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(o), client.FieldOwner(fieldOwner), client.ForceOwnership)
	})
}

// Delete deletes the objects that a YAML text names. What is gone already is no error.
func (c *Cluster) Delete(ctx context.Context, namespace, text string) error {
	return c.each(namespace, text, func(o *unstructured.Unstructured) error {
		return client.IgnoreNotFound(c.Client.Delete(ctx, o))
	})
}

func (c *Cluster) each(namespace, text string, do func(*unstructured.Unstructured) error) error {
	objects, err := Decode(text)
	if err != nil {
		return err
	}
	for _, o := range objects {
		if err := c.place(o, namespace); err != nil {
			return err
		}
		if err := do(o); err != nil {
			return fmt.Errorf("%s %s/%s: %w", o.GetKind(), o.GetNamespace(), o.GetName(), err)
		}
	}
	return nil
}

// place puts an object that names no namespace into one, unless its kind has none.
func (c *Cluster) place(o *unstructured.Unstructured, namespace string) error {
	if o.GetNamespace() != "" || namespace == "" {
		return nil
	}
	namespaced, err := c.Client.IsObjectNamespaced(o)
	if err != nil {
		return fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)
	}
	if namespaced {
		o.SetNamespace(namespace)
	}
	return nil
}

// Decode reads the documents of a YAML text.
func Decode(text string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	for {
		o := &unstructured.Unstructured{}
		err := decoder.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("decode YAML: %w", err)
		}
		if len(o.Object) > 0 {
			objects = append(objects, o)
		}
	}
}

// Gone tells whether an object, or its whole kind, is not there.
func Gone(err error) bool { return apierrors.IsNotFound(err) || meta.IsNoMatchError(err) }
