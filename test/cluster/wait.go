package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Wait calls check until it returns nil. When the context ends first, the error is what check said last.
func Wait(ctx context.Context, what string, check func(context.Context) error) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	last := errors.New("never checked")
	for {
		if err := check(ctx); err == nil {
			return nil
		} else if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w: %w", what, ctx.Err(), last)
		case <-tick.C:
		}
	}
}

// WaitRollouts waits until every Deployment of a namespace runs what its latest spec says, and nothing else.
func (c *Cluster) WaitRollouts(ctx context.Context, namespace string) error {
	return Wait(ctx, "the Deployments of "+namespace, func(ctx context.Context) error {
		var list appsv1.DeploymentList
		if err := c.Client.List(ctx, &list, client.InNamespace(namespace)); err != nil {
			return err
		}
		for _, d := range list.Items {
			if !RolledOut(d) {
				return fmt.Errorf("deployment %s/%s has %d of %d pods updated, %d available, %d in all",
					d.Namespace, d.Name, d.Status.UpdatedReplicas, *d.Spec.Replicas, d.Status.AvailableReplicas, d.Status.Replicas)
			}
		}
		return nil
	})
}

// RolledOut tells whether a Deployment runs what its latest spec says, and nothing else.
func RolledOut(d appsv1.Deployment) bool {
	want := int32(1)
	if d.Spec.Replicas != nil {
		want = *d.Spec.Replicas
	}
	s := d.Status
	return s.ObservedGeneration >= d.Generation && s.UpdatedReplicas == want && s.AvailableReplicas == want && s.Replicas == want
}

// Conditions reads the conditions of an object's status.
func Conditions(o *unstructured.Unstructured) ([]metav1.Condition, error) {
	var status struct {
		Status struct {
			Conditions []metav1.Condition `json:"conditions"`
		} `json:"status"`
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &status); err != nil {
		return nil, fmt.Errorf("read the conditions of %s %s/%s: %w", o.GetKind(), o.GetNamespace(), o.GetName(), err)
	}
	return status.Status.Conditions, nil
}

// CheckCondition is nil if an object has the condition, of its present generation, with the status.
func CheckCondition(o *unstructured.Unstructured, kind string, status metav1.ConditionStatus) error {
	conditions, err := Conditions(o)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetNamespace(), o.GetName())
	condition := meta.FindStatusCondition(conditions, kind)
	switch {
	case condition == nil:
		return fmt.Errorf("%s has no condition %s", name, kind)
	case condition.ObservedGeneration < o.GetGeneration():
		return fmt.Errorf("%s: %s is of generation %d, not %d", name, kind, condition.ObservedGeneration, o.GetGeneration())
	case condition.Status != status:
		return fmt.Errorf("%s: %s is %s (%s: %s)", name, kind, condition.Status, condition.Reason, condition.Message)
	}
	return nil
}

// WaitProgrammed waits until every proxy that needs the SMI objects of a YAML text has them.
func (c *Cluster) WaitProgrammed(ctx context.Context, namespace, text string) error {
	objects, err := Decode(text)
	if err != nil {
		return err
	}
	for _, o := range objects {
		if err := c.place(o, namespace); err != nil {
			return err
		}
		if err := c.WaitCondition(ctx, o, "Programmed", metav1.ConditionTrue); err != nil {
			return err
		}
	}
	return nil
}

// WaitCondition waits for a condition of an object's present generation, without polling.
func (c *Cluster) WaitCondition(ctx context.Context, o *unstructured.Unstructured, kind string, status metav1.ConditionStatus) error {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(o.GroupVersionKind())
	events, err := c.Client.Watch(ctx, list, client.InNamespace(o.GetNamespace()), client.MatchingFields{"metadata.name": o.GetName()})
	if err != nil {
		return fmt.Errorf("watch %s %s/%s: %w", o.GetKind(), o.GetNamespace(), o.GetName(), err)
	}
	defer events.Stop()
	last := fmt.Errorf("%s %s/%s was never seen", o.GetKind(), o.GetNamespace(), o.GetName())
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s=%s: %w: %w", kind, status, ctx.Err(), last)
		case event, open := <-events.ResultChan():
			if !open {
				return fmt.Errorf("wait for %s=%s: the watch ended: %w", kind, status, last)
			}
			seen, ok := event.Object.(*unstructured.Unstructured)
			if !ok || event.Type == watch.Deleted {
				continue
			}
			if last = CheckCondition(seen, kind, status); last == nil {
				return nil
			}
		}
	}
}

// Get reads an object by kind and name.
func (c *Cluster) Get(ctx context.Context, apiVersion, kind, namespace, name string) (*unstructured.Unstructured, error) {
	o := &unstructured.Unstructured{}
	o.SetAPIVersion(apiVersion)
	o.SetKind(kind)
	err := c.Client.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, o)
	return o, err
}
