package controllers

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/model"
)

// documents reads the objects of config/FOLDER.
func documents(t *testing.T, folder string) []*unstructured.Unstructured {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "config", folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("config/%s: %v, %v", folder, files, err)
	}
	var all []*unstructured.Unstructured
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
		for {
			u := &unstructured.Unstructured{}
			if err := decoder.Decode(&u.Object); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if u.GetKind() != "Kustomization" {
				all = append(all, u)
			}
		}
	}
	return all
}

// The controllers run here with the rights of config/rbac and no more, the
// election included.
func TestTheRightsSuffice(t *testing.T) {
	c := needCluster(t)
	// It stays: without a controller manager, no namespace ever ends.
	system := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.SystemNamespace}}
	if err := c.Create(t.Context(), system); client.IgnoreAlreadyExists(err) != nil {
		t.Fatal(err)
	}
	for _, u := range documents(t, "rbac") {
		create(t, c, u)
	}
	config := rest.CopyConfig(cluster)
	config.Impersonate.UserName = "system:serviceaccount:weft-system:weft-controller"
	ns := namespace(t, c, map[string]string{"weft.mesh/inject": "enabled"})
	r := start(t, setting{config: config, system: v1alpha1.SystemNamespace, follow: true})
	for name, text := range map[string]string{
		"s": split + "spec: {service: web, backends: [{service: a, weight: 0}]}",
		"t": target + "spec: {destination: {kind: ServiceAccount, name: a}, sources: [{kind: ServiceAccount, name: b}], rules: [{kind: TCPRoute, name: r}]}",
		"g": group + "spec: {matches: [{name: a}]}",
		"p": tcp,
		"u": udp,
	} {
		ref := smiObject(t, c, ns, name, text)
		condition(t, c, ref, metav1.Condition{Type: "Programmed", Status: metav1.ConditionTrue, Reason: "Programmed"})
	}
	ref := model.Ref{Kind: model.KindMeshConfig, Key: model.Key{Name: v1alpha1.MeshConfigName}}
	condition(t, c, ref, metav1.Condition{Type: "Accepted", Status: metav1.ConditionTrue, Reason: "Accepted"})
	toldOnce(t, c, model.Ref{Kind: model.KindTrafficSplit, Key: model.Key{Namespace: ns, Name: "s"}}, "Accepted", "all weights are 0")
	m := &corev1.ConfigMap{}
	eventually(t, "what sidecars start from", proxyConfig(c, ns, func(found *corev1.ConfigMap) error { m = found; return nil }))
	delete(m.Data, "ca.crt")
	if err := c.Update(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	eventually(t, "mended", proxyConfig(c, ns, func(found *corev1.ConfigMap) error {
		if found.Data["ca.crt"] != string(r.authority.CA().Roots().PEM()) {
			return errors.New("not yet")
		}
		return nil
	}))
}

func TestTheRightsAreNoMoreThanThat(t *testing.T) {
	c := needCluster(t)
	for _, u := range documents(t, "rbac") {
		if u.GetNamespace() == "" {
			create(t, c, u)
		}
	}
	config := rest.CopyConfig(cluster)
	config.Impersonate.UserName = "system:serviceaccount:weft-system:weft-controller"
	weft, err := client.New(config, client.Options{Scheme: c.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	ns := namespace(t, c, nil)
	s := parse(t, split+"spec: {service: web, backends: [{service: a, weight: 0}]}")
	s.SetNamespace(ns)
	create(t, c, s)
	for what, err := range map[string]error{
		"write to the spec of a split": weft.Patch(t.Context(), s, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"service":"other"}}`))),
		"read secrets":                 weft.List(t.Context(), &corev1.SecretList{}, client.InNamespace(ns)),
		"read ConfigMaps":              weft.List(t.Context(), &corev1.ConfigMapList{}, client.InNamespace(ns)),
		"create pods":                  weft.Create(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "p"}}),
	} {
		if !apierrors.IsForbidden(err) {
			t.Errorf("it may %s: %v", what, err)
		}
	}
}
