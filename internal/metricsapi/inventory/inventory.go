package inventory

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/internal/metricsapi/report"
	"github.com/weft-mesh/weft/translators/kube"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/smi"
)

// Inventory is what a cache with CacheOptions knows.
type Inventory struct {
	reader client.Reader
	mapper meta.RESTMapper
}

// New reads from a cache with CacheOptions. The mapper says in which version
// TrafficSplits are served.
func New(reader client.Reader, mapper meta.RESTMapper) *Inventory {
	return &Inventory{reader: reader, mapper: mapper}
}

// Watch has the cache follow everything, so that the first question does not
// wait for it. TrafficSplits come when their CRD does.
func Watch(ctx context.Context, c cache.Cache) error {
	objects := []client.Object{&corev1.Pod{}, &corev1.Service{}}
	for _, r := range report.Resources {
		if isMetadata(r) {
			o := &metav1.PartialObjectMetadata{}
			o.SetGroupVersionKind(schema.FromAPIVersionAndKind(r.APIVersion, r.Kind))
			objects = append(objects, o)
		}
	}
	if err := c.IndexField(ctx, &corev1.Service{}, clusterIPs, addressesOf); err != nil {
		return fmt.Errorf("index Services: %w", err)
	}
	for _, o := range objects {
		if _, err := c.GetInformer(ctx, o, cache.BlockUntilSynced(false)); err != nil {
			return fmt.Errorf("follow %T %s: %w", o, o.GetObjectKind().GroupVersionKind().Kind, err)
		}
	}
	return nil
}

func isMetadata(r report.Resource) bool {
	return r.Name != report.Pods && r.Name != report.Services && r.Name != report.TrafficSplits
}

// Cluster gives the pods of the mesh, and the objects of the resources asked
// for, in one namespace or in all.
func (i *Inventory) Cluster(ctx context.Context, resources []report.Resource, namespace string) (report.Cluster, error) {
	c := report.Cluster{Objects: map[string]map[model.Key]report.Labels{}}
	all, err := i.pods(ctx, namespace, &c)
	if err != nil {
		return c, fmt.Errorf("list pods: %w", err)
	}
	for _, r := range resources {
		var err error
		switch r.Name {
		case report.Pods:
			c.Objects[r.Name] = all
		case report.Services:
			err = i.services(ctx, namespace, &c)
		case report.TrafficSplits:
			err = i.splits(ctx, namespace, &c)
		default:
			c.Objects[r.Name], err = i.labels(ctx, r, namespace)
		}
		if err != nil {
			return c, fmt.Errorf("list %s: %w", r.Name, err)
		}
	}
	return c, nil
}

func (i *Inventory) pods(ctx context.Context, namespace string, c *report.Cluster) (map[model.Key]report.Labels, error) {
	var list corev1.PodList
	if err := i.reader.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, err
	}
	all := make(map[model.Key]report.Labels, len(list.Items))
	for n := range list.Items {
		p := &list.Items[n]
		all[model.Key{Namespace: p.Namespace, Name: p.Name}] = p.Labels
		fragment, _ := kube.Pod(p)
		if fragment == nil || !fragment.Meshed {
			continue
		}
		c.Pods = append(c.Pods, report.Pod{
			Key: fragment.Key, Node: p.Spec.NodeName, Labels: p.Labels,
			Controller: controller(p), Workload: fragment.Workload,
		})
	}
	return all, nil
}

func controller(p *corev1.Pod) model.Workload {
	owner := metav1.GetControllerOf(p)
	if owner == nil {
		return model.Workload{}
	}
	return model.Workload{Kind: strings.ToLower(owner.Kind) + "s", Name: owner.Name}
}

func (i *Inventory) services(ctx context.Context, namespace string, c *report.Cluster) error {
	var list corev1.ServiceList
	if err := i.reader.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return err
	}
	c.Objects[report.Services] = make(map[model.Key]report.Labels, len(list.Items))
	for _, s := range list.Items {
		key := model.Key{Namespace: s.Namespace, Name: s.Name}
		c.Objects[report.Services][key] = s.Labels
		c.Services = append(c.Services, report.Service{Key: key, Selector: s.Spec.Selector})
	}
	return nil
}

// Splits are the TrafficSplits of all namespaces.
func (i *Inventory) Splits(ctx context.Context) ([]*model.Split, error) {
	c := report.Cluster{Objects: map[string]map[model.Key]report.Labels{}}
	if err := i.splits(ctx, "", &c); err != nil {
		return nil, fmt.Errorf("list %s: %w", report.TrafficSplits, err)
	}
	return c.Splits, nil
}

// splits has none where there is no CRD.
func (i *Inventory) splits(ctx context.Context, namespace string, c *report.Cluster) error {
	c.Objects[report.TrafficSplits] = map[model.Key]report.Labels{}
	r, _ := report.Find(report.TrafficSplits)
	gvk := schema.FromAPIVersionAndKind(r.APIVersion, r.Kind)
	mapping, err := i.mapper.RESTMapping(gvk.GroupKind())
	if meta.IsNoMatchError(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var list unstructured.UnstructuredList
	list.SetGroupVersionKind(mapping.GroupVersionKind)
	if err := i.reader.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return err
	}
	for n := range list.Items {
		u := &list.Items[n]
		c.Objects[report.TrafficSplits][model.Key{Namespace: u.GetNamespace(), Name: u.GetName()}] = u.GetLabels()
		fragment, _, err := smi.Convert(u.Object)
		if split, ok := fragment.(*model.Split); ok && err == nil && split != nil {
			c.Splits = append(c.Splits, split)
		}
	}
	return nil
}

func (i *Inventory) labels(ctx context.Context, r report.Resource, namespace string) (map[model.Key]report.Labels, error) {
	var list metav1.PartialObjectMetadataList
	list.SetGroupVersionKind(schema.FromAPIVersionAndKind(r.APIVersion, r.Kind+"List"))
	var options []client.ListOption
	if r.Namespaced {
		options = append(options, client.InNamespace(namespace))
	}
	if err := i.reader.List(ctx, &list, options...); err != nil {
		return nil, err
	}
	found := make(map[model.Key]report.Labels, len(list.Items))
	for _, o := range list.Items {
		found[model.Key{Namespace: o.Namespace, Name: o.Name}] = o.Labels
	}
	return found, nil
}
