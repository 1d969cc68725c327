package suite

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/weft-mesh/weft/conformance/actors"
)

// Env is what a test may ask of the cluster. All of its methods fail the test by themselves.
//
// The base fixtures are there before any test, and stay. In Main: the servers web-v1, web-v2 and web-v3, each with a
// ServiceAccount and a Service of its name, the Service `web` that selects all three, and the clients client-a and
// client-b with accounts of their names. In Other: the server web-v1 with its Service and `web`, and the clients client-a
// and client-c. Outside of the mesh: the server web-v1 with its Service and `web`, and the client client-a. Ports of each Service: see the constants.
type Env struct {
	// Main is the namespace that a test is about, Other another one of the mesh, Outside one that is not in the mesh.
	Main, Other, Outside string
	// Client reads and writes any object, where Apply and Delete don't do.
	Client dynamic.Interface
	// Seed is that of the run: what a test draws by chance starts from it.
	Seed int64
	// Confidence is that of statistical tests, as the adapter states it.
	Confidence float64
	// Ports writes Services' ports into manifests.
	Ports Ports

	test        string
	manifest    string
	convergence time.Duration
	stable      int
	objects     store
	api         reader
	template    func(name string, restart corev1.RestartPolicy) (string, error)
	// headersAreList tells how a version of HTTPRouteGroup takes headers.
	headersAreList func(version string) (bool, error)
	callers        interface {
		do(ctx context.Context, from Actor, plan actors.Plan) (actors.Report, error)
	}
	ledgers interface {
		received(ctx context.Context, marks []string) (map[Actor]map[string]int, error)
	}
	// marks counts those that were given.
	marks   atomic.Int64
	failed  func(message string)
	figures []Figure
	// applied is what is deleted when the test ends, in the order in which it was applied.
	applied []*unstructured.Unstructured
	// opened are the calls that the test saw allowed: without its objects they are to be denied again.
	opened []Case
	// refused are the calls that were to be denied, and were: no server is to receive them later.
	refused []Case
	// rest is what has to hold again once the test's objects are gone.
	rest map[string]func(context.Context) error
}

// Ports of the base fixtures' Services. But for PortWeb they are the ports of the pods too.
const (
	// PortWeb leads to the pods' PortHTTP.
	PortWeb = 80
	// PortHTTP and PortHTTPB take HTTP/1.1 alone, PortHTTP2 HTTP/2 alone.
	PortHTTP  = 8080
	PortHTTPB = 8081
	PortHTTP2 = 8082
	PortGRPC  = 8079
	// PortTCP, PortTCPB and PortTCPC are UDP ports as well, by other names.
	PortTCP  = 8078
	PortTCPB = 8077
	PortTCPC = 8076
	PortUDP  = PortTCPB
	PortUDPB = PortTCP
	PortUDPC = PortTCPC
	// PortUnnamed answers lines as PortTCP does. It is a port of the pods, and no Service has it.
	PortUnnamed = 8075
)

// Actor is a workload that makes calls.
type Actor struct{ Namespace, Name string }

// ClientA is a client in Main.
func (e *Env) ClientA() Actor { return Actor{e.Main, "client-a"} }

// ClientB is another client in Main.
func (e *Env) ClientB() Actor { return Actor{e.Main, "client-b"} }

// OtherA is a client in Other with the account name of ClientA.
func (e *Env) OtherA() Actor { return Actor{e.Other, "client-a"} }

// OtherC is a client in Other.
func (e *Env) OtherC() Actor { return Actor{e.Other, "client-c"} }

// Stranger is a client outside of the mesh with the account name of ClientA.
func (e *Env) Stranger() Actor { return Actor{e.Outside, "client-a"} }

// Address is that of a port of a Service of Main, for a call from anywhere: "web-v1.smi-main.svc:8080".
func (e *Env) Address(service string, port int) string { return e.AddressIn(e.Main, service, port) }

// AddressIn is Address for any namespace.
func (e *Env) AddressIn(namespace, service string, port int) string {
	return net.JoinHostPort(service+"."+namespace+".svc", fmt.Sprint(port))
}

// PodIP is the address of a workload's pod.
func (e *Env) PodIP(ctx context.Context, namespace, workload string) string {
	pods := schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	list, err := e.Client.Resource(pods).Namespace(namespace).List(ctx, metav1.ListOptions{LabelSelector: labelApp + "=" + workload})
	e.must(err)
	for _, pod := range list.Items {
		ip, _, _ := unstructured.NestedString(pod.Object, "status", "podIP")
		if ip != "" && pod.GetDeletionTimestamp() == nil {
			return ip
		}
	}
	e.failed(fmt.Sprintf("no pod of %s/%s has an address", namespace, workload))
	return ""
}

// Apply applies the documents of a YAML text, a text/template over the Env. They are deleted when the test ends, in
// reverse order, and waited for until they are gone.
func (e *Env) Apply(ctx context.Context, text string) { e.must(e.each(ctx, text, "", e.put)) }

// ApplyStage applies what the test's manifest defines under a name.
func (e *Env) ApplyStage(ctx context.Context, stage string) {
	e.must(e.each(ctx, e.manifest, stage, e.put))
}

// TryApply is Apply for what a mesh may refuse: the API server's refusal is returned. What it takes is deleted when the
// test ends.
func (e *Env) TryApply(ctx context.Context, text string) error { return e.each(ctx, text, "", e.put) }

// TryApplyStage is ApplyStage for what a mesh may refuse.
func (e *Env) TryApplyStage(ctx context.Context, stage string) error {
	return e.each(ctx, e.manifest, stage, e.put)
}

// Delete deletes what a YAML text names and waits until it is gone.
func (e *Env) Delete(ctx context.Context, text string) { e.must(e.each(ctx, text, "", e.drop)) }

// DeleteStage deletes what the test's manifest defines under a name and waits until it is gone.
func (e *Env) DeleteStage(ctx context.Context, stage string) {
	e.must(e.each(ctx, e.manifest, stage, e.drop))
}

// PodTemplate is that of a server like those of the base fixtures, in Main, for manifests of tests that need more of them:
// {{.PodTemplate "name" "Always"}}. Its pods have the labels app and version of that name, and are not behind the Service `web`.
func (e *Env) PodTemplate(name string, restart corev1.RestartPolicy) (string, error) {
	return e.template(name, restart)
}

// Figure records something measured into the report.
func (e *Env) Figure(name string, value any) {
	e.figures = append(e.figures, Figure{Name: name, Value: value})
}

func (e *Env) must(err error) {
	if err != nil {
		e.failed(err.Error())
	}
}

// each renders and decodes a text and does something with each of its objects.
func (e *Env) each(ctx context.Context, text, stage string, do func(context.Context, *unstructured.Unstructured) error) error {
	text, err := render(text, stage, e)
	if err != nil {
		return fmt.Errorf("fill in the manifest: %w", err)
	}
	objects, err := decode(text)
	if err != nil {
		return fmt.Errorf("read the manifest: %w", err)
	}
	for _, o := range objects {
		if err := do(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

func (e *Env) put(ctx context.Context, o *unstructured.Unstructured) error {
	if err := e.objects.put(ctx, o, e.Main); err != nil {
		return err
	}
	e.applied = append(e.applied, o)
	return nil
}

func (e *Env) drop(ctx context.Context, o *unstructured.Unstructured) error {
	return e.objects.drop(ctx, o, e.Main)
}

// remember keeps a call that is to be denied again once the test's objects are gone.
func (e *Env) remember(c Case) {
	c.Call.Count, c.Call.Connection = 0, ""
	if !slices.ContainsFunc(e.opened, func(o Case) bool { return o.From == c.From && describeCall(o.Call) == describeCall(c.Call) }) {
		c.Allowed = false
		e.opened = append(e.opened, c)
	}
}

// cleanUp deletes what the test applied. Where the mesh denies by default it then waits until all that the test had
// opened is shut again: the next test is not to be deceived by it, and a mesh that does not revoke is found out.
func (e *Env) cleanUp(ctx context.Context, openByDefault bool) error {
	ctx, cancel := context.WithTimeout(ctx, 2*e.convergence)
	defer cancel()
	for _, o := range slices.Backward(e.applied) {
		if err := e.drop(ctx, o); err != nil {
			return err
		}
	}
	if err := e.received(ctx, e.refused, nil); err != nil {
		return err
	}
	for what, check := range e.rest {
		if err := poll(ctx, what, check); err != nil {
			return fmt.Errorf("after the test's objects were deleted: %w", err)
		}
	}
	if openByDefault {
		return nil
	}
	if err := e.settle(ctx, e.opened); err != nil {
		return fmt.Errorf("after the test's objects were deleted: %w", err)
	}
	return nil
}
