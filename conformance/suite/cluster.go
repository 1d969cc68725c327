package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/weft-mesh/weft/conformance/adapter"
)

// cluster is a connection to the cluster that has the mesh under test.
type cluster struct {
	config    *rest.Config
	kube      kubernetes.Interface
	dynamic   dynamic.Interface
	discovery discovery.DiscoveryInterface
	mapper    *restmapper.DeferredDiscoveryRESTMapper
}

// connect connects to the cluster that a kubeconfig file names; without one to that of KUBECONFIG or the user's own.
func connect(kubeconfig string) (*cluster, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("find a cluster: %w", err)
	}
	config.QPS, config.Burst = 200, 400
	config.WarningHandler = rest.NoWarnings{}
	config.UserAgent = "smi-conformance"
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for %s: %w", config.Host, err)
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for %s: %w", config.Host, err)
	}
	return &cluster{
		config: config, kube: kube, dynamic: objects, discovery: kube.Discovery(),
		mapper: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(kube.Discovery())),
	}, nil
}

// resource finds where objects of a kind are read and written.
func (c *cluster) resource(kind schema.GroupVersionKind, namespace string) (dynamic.ResourceInterface, bool, error) {
	mapping, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if meta.IsNoMatchError(err) {
		c.mapper.Reset() // it may have come since
		mapping, err = c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	}
	if err != nil {
		return nil, false, fmt.Errorf("the cluster does not serve %s of %s: %w", kind.Kind, kind.GroupVersion(), err)
	}
	all := c.dynamic.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return all, false, nil
	}
	return all.Namespace(namespace), true, nil
}

// versions are that of the cluster and those of SMI's kinds that it serves.
func (c *cluster) versions() (kubernetes string, served []string, err error) {
	version, err := c.discovery.ServerVersion()
	if err != nil {
		return "", nil, fmt.Errorf("ask for the cluster's version: %w", err)
	}
	_, lists, err := c.discovery.ServerGroupsAndResources()
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		return "", nil, fmt.Errorf("ask for the cluster's kinds: %w", err)
	}
	for _, list := range lists {
		group, _, _ := strings.Cut(list.GroupVersion, "/")
		if !strings.HasSuffix(group, ".smi-spec.io") {
			continue
		}
		for _, r := range list.APIResources {
			if !strings.Contains(r.Name, "/") {
				served = append(served, list.GroupVersion+"/"+r.Kind)
			}
		}
	}
	slices.Sort(served)
	return version.GitVersion, slices.Compact(served), nil
}

// pod finds a ready pod of a workload.
func (c *cluster) pod(ctx context.Context, of Actor) (string, error) {
	pods, err := c.kube.CoreV1().Pods(of.Namespace).List(ctx, metav1.ListOptions{LabelSelector: labelApp + "=" + of.Name})
	if err != nil {
		return "", fmt.Errorf("list the pods of %s: %w", of, err)
	}
	for _, pod := range pods.Items {
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue && pod.DeletionTimestamp == nil {
				return pod.Name, nil
			}
		}
	}
	return "", fmt.Errorf("no pod of %s is ready", of)
}

// awaitReady waits until an object is there and, where a condition is named, until it is True.
func (c *cluster) awaitReady(ctx context.Context, r adapter.Ready) error {
	return poll(ctx, fmt.Sprintf("%s %s/%s", r.Kind, r.Namespace, r.Name), func(ctx context.Context) error {
		resource, _, err := c.resource(schema.FromAPIVersionAndKind(r.APIVersion, r.Kind), r.Namespace)
		if err != nil {
			return err
		}
		o, err := resource.Get(ctx, r.Name, metav1.GetOptions{})
		if err != nil || r.Condition == "" {
			return err
		}
		return conditionTrue(o, r.Condition)
	})
}

func conditionTrue(o *unstructured.Unstructured, kind string) error {
	var status struct {
		Status struct {
			Conditions []metav1.Condition `json:"conditions"`
		} `json:"status"`
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &status); err != nil {
		return err
	}
	if !meta.IsStatusConditionTrue(status.Status.Conditions, kind) {
		return fmt.Errorf("condition %s is not True", kind)
	}
	return nil
}

// poll calls check until it is nil or the context ends; then the error is what check said last.
func poll(ctx context.Context, what string, check func(context.Context) error) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	last := errors.New("never checked")
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w: %w", what, ctx.Err(), last)
		case <-ticker.C:
		}
	}
}
