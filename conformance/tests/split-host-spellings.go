package tests

import (
	"context"
	"fmt"
	"strings"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-host-spellings",
		Description:   "The root is split however its name is spelt, in the address and in the Host header, with and without the port",
		Features:      []features.Name{features.SplitHostSpellings},
		Manifests:     "split-host-spellings.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			// A Service without a split tells which domain the cluster has.
			hosts := []string{"NAME", "NAME.NAMESPACE", "NAME.NAMESPACE.svc"}
			if o := e.Call(ctx, e.ClientA(), spelt(e, "NAME.NAMESPACE.svc.cluster.local", "web-v1"))[0]; o.Answered() == 1 {
				hosts = append(hosts, "NAME.NAMESPACE.svc.cluster.local", "NAME.NAMESPACE.svc.cluster.local.")
			}
			for _, host := range hosts {
				for _, name := range []string{"web", "WEB"} {
					call := spelt(e, host, name)
					steady(ctx, e, e.ClientA(), call, "web-v2")
					call.Host, _, _ = strings.Cut(call.Address, ":")
					converge(ctx, e, e.ClientA(), call, "web-v2")
				}
			}
		},
	})
}

// spelt is a request to a Service of Main under a spelling of its name.
func spelt(e *suite.Env, host, name string) actors.Call {
	call := root(e)
	host = strings.NewReplacer("NAMESPACE", e.Main, "NAME", name).Replace(host)
	call.Address = fmt.Sprintf("%s:%d", host, suite.PortWeb)
	return call
}
