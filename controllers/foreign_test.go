package controllers

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/weft-mesh/weft/translators/model"
)

// foreignSplitCRD is what other products install: no status, few bounds.
const foreignSplitCRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: trafficsplits.split.smi-spec.io}
spec:
  group: split.smi-spec.io
  scope: Namespaced
  names: {kind: TrafficSplit, listKind: TrafficSplitList, plural: trafficsplits, singular: trafficsplit, shortNames: [ts]}
  versions:
    - name: v1alpha4
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                service: {type: string}
                backends:
                  type: array
                  items: {type: object, properties: {service: {type: string}, weight: {type: number}}}
`

// emptyCluster is an API server that has none of our CRDs.
func emptyCluster(t *testing.T) (*envtest.Environment, client.Client) {
	t.Helper()
	needCluster(t)
	dir, err := assets()
	if err != nil {
		t.Fatal(err)
	}
	env := &envtest.Environment{BinaryAssetsDirectory: dir}
	if _, err := env.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := env.Stop(); err != nil {
			t.Error(err)
		}
	})
	s, err := Scheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(env.Config, client.Options{Scheme: s})
	if err != nil {
		t.Fatal(err)
	}
	return env, c
}

// Trap 65: CRDs that another product owns are used as they are.
func TestCRDsOfOthersAndCRDsThatComeLater(t *testing.T) {
	env, c := emptyCluster(t)
	crd := parse(t, foreignSplitCRD)
	if err := c.Create(t.Context(), crd); err != nil {
		t.Fatal(err)
	}
	system, ns := namespace(t, c, nil), namespace(t, c, nil)
	var good, bad model.Ref
	eventually(t, "the foreign CRD", func(ctx context.Context) error {
		u := parse(t, split+"spec: {service: web, backends: [{service: a, weight: 1}]}")
		u.SetNamespace(ns)
		u.SetName("good")
		good = refOf(model.KindTrafficSplit, u)
		return c.Create(ctx, u)
	})
	bad = smiObject(t, c, ns, "bad", split+"spec: {service: web, backends: [{service: a, weight: 0.5}]}")
	r := start(t, setting{config: env.Config, system: system})

	// Without the other CRDs there is a mesh none the less.
	eventually(t, "synced", func(context.Context) error {
		if r.synced() == nil {
			return errors.New("not yet")
		}
		return nil
	})
	// One malformed stored object costs that object alone.
	if r.synced()[good] == nil || r.synced()[bad] != nil {
		t.Errorf("got %v", r.synced())
	}
	// Where there is no status, there are Events.
	toldOnce(t, c, bad, "Invalid", "spec.backends[0].weight: 0.5 is not a whole number")
	u := newUnstructured(model.KindTrafficSplit)
	if err := c.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "bad"}, u); err != nil {
		t.Fatal(err)
	}
	if _, there := u.Object["status"]; there {
		t.Errorf("a status was written: %v", u.Object["status"])
	}

	// CRDs that come later are taken in, and ours in place of another's.
	if _, err := envtest.InstallCRDs(env.Config, envtest.CRDInstallOptions{Paths: []string{filepath.Join("..", "config", "crd")}}); err != nil {
		t.Fatal(err)
	}
	route := smiObject(t, c, ns, "late", tcp)
	eventually(t, "fed", func(context.Context) error {
		if r.fragment(route) == nil {
			return errors.New("not yet")
		}
		return nil
	})
	condition(t, c, route, metav1.Condition{Type: "Programmed", Status: metav1.ConditionTrue, Reason: "Programmed"})
}
