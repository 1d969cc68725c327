package compatibility

import (
	"fmt"
	"strings"

	"github.com/weft-mesh/weft/test/compatibility/server"
	"github.com/weft-mesh/weft/test/compatibility/table"
)

// fortio is an image that every lab has. Only its file system is used, where the program is mounted.
const fortio = "docker.io/fortio/fortio:1.63.7"

// family is one of the address families that a cluster's Services have.
type family struct{ name, suffix, slice string }

var families = []family{{"IPv4", "-v4", "IPv4"}, {"IPv6", "-v6", "IPv6"}}

// workload is a Deployment of one pod that runs the program.
func workload(name, verb, labels, probe string) string {
	from, mount, command := *image, "", "/actor"
	if from == "" {
		from, command = fortio, "/program/actor"
		mount = "volumeMounts: [{name: program, mountPath: /program}]"
	}
	volumes := ""
	if mount != "" {
		volumes = fmt.Sprintf("volumes: [{name: program, hostPath: {path: %s}}]", *actor)
	}
	return fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s}
spec:
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s, %[3]s}}
    spec:
      terminationGracePeriodSeconds: 1
      %[4]s
      containers:
        - name: actor
          image: %[5]s
          command: [%[6]s, %[2]s]
          %[7]s
          %[8]s
---
`, name, verb, labels, volumes, from, command, mount, probe)
}

// workloads are the pods of a namespace: the client, the server, one for long calls, and one that is never in the mesh.
func workloads() string {
	// Once ready it stays so: on a busy machine a late probe would take the server away from under the rows.
	ready := fmt.Sprintf("readinessProbe: {httpGet: {path: /x, port: %d}, periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 100}", server.PortHTTP)
	return workload("client", "wait", "role: client", "") +
		workload("app", "serve", "mixed: one", ready) +
		workload("steady", "serve", "role: steady", ready) +
		workload("plain", "serve", `mixed: one, weft.mesh/inject: disabled`, ready)
}

// portNames say to a mesh what is spoken at each port.
var portNames = []struct {
	name string
	port int
}{
	{"web", server.PortPlain},
	{"http", server.PortHTTP},
	{"grpc", server.PortGRPC},
	{"http2", server.PortHTTP2},
	{"http2-few", server.PortFew},
	{"grpc-aged", server.PortAged},
	{"http-both", server.PortBoth},
	{"grpc-hundred", server.PortHundred},
	{"http-silent", server.PortSilent},
	{"http-odd", server.PortOdd},
	{"tcp-greeting", server.PortGreeting},
	{"tcp", server.PortTCP},
	{"tcp-none", server.PortNone},
	{"http-none", server.PortNoneHTTP},
}

func servicePorts() string {
	var all []string
	for _, p := range portNames {
		all = append(all, fmt.Sprintf("{name: %s, port: %d}", p.name, p.port))
	}
	return strings.Join(append(all, fmt.Sprintf("{name: udp, port: %d, protocol: UDP}", server.PortUDP)), ", ")
}

func slicePorts() string {
	var all []string
	for _, p := range portNames {
		all = append(all, fmt.Sprintf("{name: %s, port: %d, protocol: TCP}", p.name, p.port))
	}
	return strings.Join(all, ", ")
}

// service has all ports of the server, in one family. The selector may be empty.
func service(name, selector, more string, f family) string {
	if selector != "" {
		selector = "selector: {" + selector + "}"
	}
	return fmt.Sprintf(`
apiVersion: v1
kind: Service
metadata: {name: %s}
spec:
  ipFamilyPolicy: SingleStack
  ipFamilies: [%s]
  %s
  %s
  ports: [%s]
---
`, name+f.suffix, f.name, selector, more, servicePorts())
}

// services are those of the table, in one family.
func services(f family) string {
	return service("app", "app: app", "", f) +
		service("app-steady", "app: steady", "", f) +
		service(table.ServiceMixed, "mixed: one", "", f) +
		service(table.ServicePlain, "app: plain", "", f) +
		service(table.ServiceSplit, "app: app", "", f) +
		service(table.ServiceHeadless, "app: app", "clusterIP: None", f) +
		service(table.ServiceManual, "", "", f) +
		service(table.ServiceLegacy, "", "", f)
}

// slice is an EndpointSlice of somebody's own: an address, and no word of whose it is.
func slice(service, address string, f family) string {
	return fmt.Sprintf(`
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: %[1]s, labels: {kubernetes.io/service-name: %[1]s}}
addressType: %[2]s
ports: [%[3]s]
endpoints: [{addresses: ["%[4]s"]}]
---
`, service+f.suffix, f.slice, slicePorts(), address)
}

// split shares what is sent to one Service between the meshed pod and the one outside.
func split(f family) string {
	return fmt.Sprintf(`
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: {name: %[1]s}
spec:
  service: %[1]s
  backends: [{service: app%[2]s, weight: 1}, {service: %[3]s%[2]s, weight: 1}]
---
`, table.ServiceSplit+f.suffix, f.suffix, table.ServiceLegacy)
}

// bystanderServices come and go while long calls to the same pods are under way: one that says what is spoken as the
// first does, and one for other ports alone. A Service that says something else of the same ports is another matter.
func bystanderServices(f family) []string {
	return []string{
		service("second", "app: steady", "", f),
		fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata: {name: other%s}\nspec: {selector: {app: steady}, ports: [{name: http, port: 80, targetPort: 9999}, {name: tcp, port: 81, targetPort: 9998}]}\n", f.suffix),
		fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata: {name: unrelated%s}\nspec: {selector: {app: client}, ports: [{name: http, port: 8080}, {name: tcp, port: 9001}]}\n", f.suffix),
	}
}
