package e2e

import (
	"fmt"
	"strings"
)

// Doors of the pods that call returns: what a connection to each leads to.
const (
	doorWeb   = 9001 // web, HTTP
	doorEcho  = 9002 // web, TCP echo
	doorExtra = 9003 // what the spec asks for
)

const fortio = "docker.io/fortio/fortio:1.63.7"

// account is a ServiceAccount.
func account(name string) string {
	return fmt.Sprintf("{apiVersion: v1, kind: ServiceAccount, metadata: {name: %s}}\n", name)
}

// service has the three ports of a fortio server: HTTP, gRPC and TCP echo.
func service(name, selector string) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Service
metadata: {name: %s}
spec:
  selector: {%s}
  ports:
    - {name: http, port: 80, targetPort: 8080}
    - {name: grpc, port: 8079}
    - {name: tcp-echo, port: 8078}
`, name, selector)
}

// server is a Deployment of fortio under the account web that names its version in each answer.
func server(version string, replicas int, extra ...string) string {
	return fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-%[1]s}
spec:
  replicas: %[2]d
  selector: {matchLabels: {app: web, version: %[1]s}}
  template:
    metadata: {labels: {app: web, version: %[1]s}}
    spec:
      serviceAccountName: web
      terminationGracePeriodSeconds: 10
      containers:
        - name: app
          image: %[3]s
          args: [server, -loglevel, warning, -echo-server-default-params, "header=x-version:%[1]s"]
          readinessProbe: {httpGet: {path: /debug, port: 8080}, periodSeconds: 1}
          %[4]s
`, version, replicas, fortio, strings.Join(extra, "\n          "))
}

// named is a pod that serves HTTP on a port named web, under a number of its own.
func named(name string, port int) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: %[1]s, labels: {kind: named}}
spec:
  serviceAccountName: web
  terminationGracePeriodSeconds: 5
  containers:
    - name: app
      image: %[3]s
      args: [server, -loglevel, warning, -http-port, "%[2]d", -echo-server-default-params, "header=x-version:%[1]s"]
      ports: [{name: web, containerPort: %[2]d}]
`, name, port, fortio)
}

// call is a pod of its own account with doors to web, and to further addresses.
func call(name string, extra ...string) string {
	doors := []string{fmt.Sprintf(`-P, "%d web:80"`, doorWeb), fmt.Sprintf(`-P, "%d web:8078"`, doorEcho)}
	for i, address := range extra {
		doors = append(doors, fmt.Sprintf(`-P, "%d %s"`, doorExtra+i, address))
	}
	return account(name) + "---" + fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: %[1]s, labels: {app: %[1]s}}
spec:
  serviceAccountName: %[1]s
  terminationGracePeriodSeconds: 5
  containers:
    - name: app
      image: %[2]s
      args: [server, -loglevel, warning, %[3]s]
`, name, fortio, strings.Join(doors, ", "))
}

// web is the account and the Services that the servers stand behind: all of them, and each version.
func web() string {
	return strings.Join([]string{
		account("web"), service("web", "app: web"),
		service("web-v1", "app: web, version: v1"), service("web-v2", "app: web, version: v2"),
	}, "---\n")
}

// split sends the calls for web to both versions by weight.
func split(v1, v2 int) string {
	return fmt.Sprintf(`
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: {name: web}
spec:
  service: web
  backends:
    - {service: web-v1, weight: %d}
    - {service: web-v2, weight: %d}
`, v1, v2)
}

// routes is an HTTPRouteGroup with one match, given as YAML fields.
func routes(name string, fields ...string) string {
	return fmt.Sprintf(`
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: {name: %s}
spec:
  matches:
    - name: match
      %s
`, name, strings.Join(fields, "\n      "))
}

// tcpRoute is a TCPRoute of one port.
func tcpRoute(name string, port int) string {
	return fmt.Sprintf(`
apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: {name: %s}
spec: {matches: {ports: [%d]}}
`, name, port)
}

// target lets the account source call web by a rule, as in "HTTPRouteGroup/all".
func target(name, source, rule string) string {
	kind, group, _ := strings.Cut(rule, "/")
	return fmt.Sprintf(`
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: {name: %s}
spec:
  destination: {kind: ServiceAccount, name: web}
  sources: [{kind: ServiceAccount, name: %s}]
  rules: [{kind: %s, name: %s}]
`, name, source, kind, group)
}
