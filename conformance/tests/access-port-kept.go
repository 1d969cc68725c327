package tests

import (
	"context"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-port-kept",
		Description: "A port of an older version holds after the object was read and written in the latest one, and is read back as it was written",
		Features: []features.Name{
			features.AccessPortKeptByOtherVersions,
		},
		Manifests: "access-port-kept.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			for _, client := range []suite.Actor{e.ClientA(), e.ClientB()} {
				e.Await(ctx, suite.Allowed(client, req(e, "GET", "/")), suite.Denied(client, reqTo(e, "web-v1", suite.PortHTTPB, "GET", "/")))
			}
			for version, name := range map[string]string{"v1alpha1": "of-v1alpha1", "v1alpha2": "of-v1alpha2"} {
				rewrite(ctx, e, "access.smi-spec.io/v1alpha3", "traffictargets", name)
				o := readVersion(ctx, e, "access.smi-spec.io/"+version, "traffictargets", name)
				fields := []string{"spec", "destination", "port"}
				if version == "v1alpha1" {
					fields = fields[1:]
				}
				port, _, _ := unstructured.NestedFieldNoCopy(o.Object, fields...)
				Expect(port).To(BeNumerically("==", 8080), "the port of %s, read in %s", name, version)
			}
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/")),
				suite.Allowed(e.ClientB(), req(e, "GET", "/")),
				suite.Denied(e.ClientA(), reqTo(e, "web-v1", suite.PortHTTPB, "GET", "/")),
				suite.Denied(e.ClientB(), reqTo(e, "web-v1", suite.PortHTTPB, "GET", "/")),
			)
		},
	})
}
