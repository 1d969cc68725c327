package tests

import (
	"context"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/weft-mesh/weft/conformance/suite"
)

// inVersion is where objects of Main are read and written in a version, as in "access.smi-spec.io/v1alpha1".
func inVersion(e *suite.Env, groupVersion, resource string) dynamic.ResourceInterface {
	gv, err := schema.ParseGroupVersion(groupVersion)
	Expect(err).NotTo(HaveOccurred())
	return e.Client.Resource(gv.WithResource(resource)).Namespace(e.Main)
}

// readVersion reads an object of Main in a version.
func readVersion(ctx context.Context, e *suite.Env, groupVersion, resource, name string) *unstructured.Unstructured {
	o, err := inVersion(e, groupVersion, resource).Get(ctx, name, metav1.GetOptions{})
	Expect(err).NotTo(HaveOccurred())
	return o
}

// rewrite reads an object of Main in a version and writes it back as a client of that version does that wants to change
// something else.
func rewrite(ctx context.Context, e *suite.Env, groupVersion, resource, name string) {
	Eventually(ctx, func() error {
		o := readVersion(ctx, e, groupVersion, resource, name)
		labels := o.GetLabels()
		if labels == nil {
			labels = map[string]string{}
		}
		labels["rewritten-in"] = o.GroupVersionKind().Version
		o.SetLabels(labels)
		_, err := inVersion(e, groupVersion, resource).Update(ctx, o, metav1.UpdateOptions{})
		if err != nil && !apierrors.IsConflict(err) {
			return StopTrying("write " + name + " in " + groupVersion).Wrap(err)
		}
		return err
	}).Should(Succeed())
}
