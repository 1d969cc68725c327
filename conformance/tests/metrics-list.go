package tests

import (
	"context"
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-list",
		Description:   "A list says whose it is by kind and namespace, and has an object for each of the resources",
		Features:      []features.Name{features.MetricsList, features.MetricsListResource},
		Manifests:     "metrics-list.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			for plural, kind := range map[string]string{"deployments": "Deployment", "pods": "Pod"} {
				e.AwaitThat(ctx, "the list of "+plural, func(ctx context.Context) error {
					l, err := list(ctx, e, plural)
					if err != nil {
						return err
					}
					Expect(l.Resource.Kind).To(Equal(kind))
					Expect(l.Resource.Name).To(BeEmpty())
					Expect(l.Resource.Namespace).To(BeElementOf("", e.Main))
					missing := slices.Concat(all, []string{"client-a", "client-b"})
					for _, item := range l.Items {
						Expect(item.Resource.Kind).To(Equal(kind))
						Expect(item.Resource.Namespace).To(Equal(e.Main))
						missing = slices.DeleteFunc(missing, func(name string) bool {
							return item.Resource.Name == name || kind == "Pod" && strings.HasPrefix(item.Resource.Name, name+"-")
						})
					}
					if len(missing) > 0 {
						return fmt.Errorf("%v are not in it", missing)
					}
					return nil
				})
			}
		},
	})
}
