package suite

import (
	"context"

	"k8s.io/client-go/dynamic"

	"github.com/weft-mesh/weft/conformance/actors"
)

// Env is what a test may ask of the cluster. All of its methods fail the test by themselves.
//
// The base fixtures are there before any test, and stay. In Main: the servers web-v1, web-v2 and web-v3, each with a
// ServiceAccount and a Service of its name, the Service `web` that selects all three, and the clients client-a and
// client-b with accounts of their names. In Other: the server web-v1, and the clients client-a and client-c. Outside of
// the mesh: the client client-a. Ports of each Service: see Port.
type Env struct {
	// Main is the namespace that a test is about, Other another one of the mesh, Outside one that is not in the mesh.
	Main, Other, Outside string
	// Client reads and writes any object, where Apply and Delete don't do.
	Client dynamic.Interface
	// Seed is that of the run: what a test draws by chance starts from it.
	Seed int64
	// Confidence is that of statistical tests, as the adapter states it.
	Confidence float64
}

// Ports of the base fixtures' Services. But for PortWeb they are the ports of the pods too.
const (
	// PortWeb leads to the pods' PortHTTP.
	PortWeb   = 80
	PortHTTP  = 8080
	PortHTTPB = 8081
	PortGRPC  = 8079
	// PortTCP, PortTCPB and PortTCPC are TCP and UDP ports of the same numbers.
	PortTCP  = 8078
	PortTCPB = 8077
	PortTCPC = 8076
	PortUDP  = 8077
	PortUDPB = 8078
	PortUDPC = 8076
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

// Address is that of a port of a Service of Main, for a call from anywhere: "web-v1.main.svc:8080".
func (e *Env) Address(service string, port int) string { panic("to come") }

// Apply applies the documents of a YAML text, a text/template over the Env. They are deleted when the test ends, in
// reverse order, and waited for until they are gone.
func (e *Env) Apply(ctx context.Context, text string) { panic("to come") }

// ApplyStage applies what the test's manifest defines under a name.
func (e *Env) ApplyStage(ctx context.Context, stage string) { panic("to come") }

// TryApply is Apply for what a mesh may refuse: the API server's refusal is returned. What it takes is deleted when the
// test ends.
func (e *Env) TryApply(ctx context.Context, text string) error { panic("to come") }

// Delete deletes what a YAML text names and waits until it is gone.
func (e *Env) Delete(ctx context.Context, text string) { panic("to come") }

// DeleteStage deletes what the test's manifest defines under a name and waits until it is gone.
func (e *Env) DeleteStage(ctx context.Context, stage string) { panic("to come") }

// Call makes the calls of a plan from an actor. Who is denied is an outcome, not a failure.
func (e *Env) Call(ctx context.Context, from Actor, calls ...actors.Call) []actors.Outcome {
	panic("to come")
}

// AwaitAllowed waits until a server answers the call, as many times in a row as the adapter asks for.
func (e *Env) AwaitAllowed(ctx context.Context, from Actor, call actors.Call) actors.Outcome {
	panic("to come")
}

// AwaitDenied waits until no server answers the call (403, a reset, a timeout, PERMISSION_DENIED: all the same), and then
// checks that it stays so.
func (e *Env) AwaitDenied(ctx context.Context, from Actor, call actors.Call) { panic("to come") }

// AwaitAnswers waits until the predicate is nil for the outcome of the call, as many times in a row as the adapter asks
// for. What it says last is what the test fails with.
func (e *Env) AwaitAnswers(ctx context.Context, from Actor, call actors.Call, predicate func(actors.Outcome) error) actors.Outcome {
	panic("to come")
}

// Measure makes a call n times, each on a connection of its own unless the call names one, and returns what became of
// them. It waits for nothing: await what is to be measured first.
func (e *Env) Measure(ctx context.Context, from Actor, call actors.Call, n int) actors.Outcome {
	panic("to come")
}

// Figure records something measured into the report.
func (e *Env) Figure(name string, value any) { panic("to come") }
