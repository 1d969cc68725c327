package tests

import (
	"context"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-versions-one-object",
		Description:   "What v1alpha4 holds survives being read and written back by clients of every older version, and is in force all along",
		Features:      []features.Name{features.SplitVersionsAreOneObject},
		Manifests:     "split-versions-one-object.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			tester := with(root(e), "x-tester", "yes")
			steady(ctx, e, e.ClientA(), tester, "web-v2")
			before := readSplit(ctx, e, "v1alpha4", "segment")
			for _, version := range []string{"v1alpha1", "v1alpha2", "v1alpha3"} {
				resource := schema.GroupVersionResource{Group: "split.smi-spec.io", Version: version, Resource: "trafficsplits"}
				e.AwaitThat(ctx, "a write in "+version, func(ctx context.Context) error {
					o := readSplit(ctx, e, version, "segment")
					labels := map[string]string{"touched": version}
					o.SetLabels(labels)
					_, err := e.Client.Resource(resource).Namespace(e.Main).Update(ctx, o, metav1.UpdateOptions{FieldManager: "smi-conformance"})
					return err
				})
				after := readSplit(ctx, e, "v1alpha4", "segment")
				Expect(after.GetLabels()).To(HaveKeyWithValue("touched", version))
				Expect(after.Object["spec"]).To(Equal(before.Object["spec"]), "after a write in "+version)
			}
			steady(ctx, e, e.ClientA(), tester, "web-v2")
			steady(ctx, e, e.ClientA(), root(e), all...)
		},
	})
}
