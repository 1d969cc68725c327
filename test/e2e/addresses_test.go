package e2e

import (
	"context"
	"fmt"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/weft-mesh/weft/test/traffic"
)

// outer is a Service with a port on each node, and an address of each family that the cluster has.
const outer = `
apiVersion: v1
kind: Service
metadata: {name: outer}
spec:
  type: NodePort
  ipFamilyPolicy: PreferDualStack
  selector: {app: set}
  ports: [{name: http, port: 80, targetPort: 8080}]
`

// each is a headless Service and the StatefulSet whose pods it names.
var each = account("web") + fmt.Sprintf(`
---
apiVersion: v1
kind: Service
metadata: {name: each}
spec:
  clusterIP: None
  selector: {app: set}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: set}
spec:
  serviceName: each
  selector: {matchLabels: {app: set}}
  template:
    metadata: {labels: {app: set}}
    spec:
      serviceAccountName: web
      terminationGracePeriodSeconds: 5
      containers:
        - name: app
          image: %s
          args: [server, -loglevel, warning, -echo-server-default-params, "header=x-version:set-0"]
          readinessProbe: {httpGet: {path: /debug, port: 8080}, periodSeconds: 1}
`, fortio)

var _ = Describe("A Service", func() {
	// Trap 44: the DNS name of one pod. Trap 47: a node's port. Trap 48: both families, where the cluster has them.
	It("is called by the names of its pods, by each of its addresses, and by a node's port without an identity", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.apply(ctx, each, outer)
		Eventually(ctx, func() (string, error) {
			return mesh.ReadyPod(ctx, w.namespace, map[string]string{"app": "set"})
		}).Should(Equal("set-0"))
		var s corev1.Service
		Expect(mesh.Client.Get(ctx, types.NamespacedName{Namespace: w.namespace, Name: "outer"}, &s)).To(Succeed())
		doors := []string{"set-0.each:8080", fmt.Sprintf("%s:%d", nodeIP(ctx), s.Spec.Ports[0].NodePort)}
		for _, address := range s.Spec.ClusterIPs {
			doors = append(doors, net.JoinHostPort(address, "80"))
		}
		report("the Service has the addresses %v", s.Spec.ClusterIPs)
		w.deploy(ctx, call("client", doors...))
		refused := w.caller("client", doorExtra+1)
		for i := range doors {
			Expect(w.caller("client", doorExtra+i).Count(ctx, 5, traffic.Call{}, version)).To(Equal(traffic.Counts{"status 403": 5}), doors[i])
		}
		w.program(ctx, routes("all"), target("client", "client", "HTTPRouteGroup/all"))
		for i := range doors {
			if i == 1 {
				continue
			}
			Expect(w.caller("client", doorExtra+i).Count(ctx, 5, traffic.Call{}, version)).To(Equal(traffic.Counts{"set-0": 5}), doors[i])
		}
		answer, err := refused.Do(ctx, traffic.Call{})
		Expect(err).NotTo(HaveOccurred())
		Expect(answer.Status).To(Equal(403))
		Expect(answer.Body).To(ContainSubstring("mutual TLS"))
	}, SpecTimeout(3*time.Minute))
})

// nodeIP is an address of a node.
func nodeIP(ctx context.Context) string {
	GinkgoHelper()
	var nodes corev1.NodeList
	Expect(mesh.Client.List(ctx, &nodes)).To(Succeed())
	for _, a := range nodes.Items[0].Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			return a.Address
		}
	}
	Fail("the node has no address")
	return ""
}
