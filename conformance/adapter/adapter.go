package adapter

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/weft-mesh/weft/conformance/statistics"
)

// Adapter is a mesh under test. The README has the format with an example for every field.
type Adapter struct {
	Implementation Implementation `json:"implementation"`
	Mesh           Mesh           `json:"mesh"`
	Access         Access         `json:"access"`
	Actors         Actors         `json:"actors,omitempty"`
	Ports          Ports          `json:"ports,omitempty"`
	Settings       Settings       `json:"settings,omitempty"`
	// Ready lists what must be ready before the first test.
	Ready []Ready `json:"ready,omitempty"`
	// Skip names features that the mesh does not claim, with the reason. They are reported as unsupported, never as passed.
	Skip map[string]string `json:"skip,omitempty"`
}

// Implementation says who made the mesh, for the report.
type Implementation struct {
	Organization string   `json:"organization"`
	Project      string   `json:"project"`
	URL          string   `json:"url"`
	Version      string   `json:"version"`
	Contact      []string `json:"contact,omitempty"`
}

// Mesh is how pods come into the mesh, and how they are kept out of it.
type Mesh struct {
	Join    Membership `json:"join"`
	Outside Membership `json:"outside,omitempty"`
}

// Membership is what namespaces and their pods are created with.
type Membership struct {
	Namespace Metadata `json:"namespace,omitempty"`
	Pod       Metadata `json:"pod,omitempty"`
	// Manifest is applied with the namespace; see Access.
	Manifest string `json:"manifest,omitempty"`
}

// Metadata goes onto objects.
type Metadata struct {
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Access is how a namespace gets either default: everything refused that no TrafficTarget allows, as SMI says, or
// everything allowed, so that tests of TrafficSplit need no targets.
type Access struct {
	Deny  Membership `json:"deny"`
	Allow Membership `json:"allow"`
}

// Actors are the pods that the suite makes.
type Actors struct {
	Image      string `json:"image,omitempty"`
	PullPolicy string `json:"pullPolicy,omitempty"`
}

// Ports is how Services tell the mesh which protocol a port speaks.
type Ports struct {
	HTTP Port `json:"http,omitempty"`
	// HTTP2 is HTTP/2 in plaintext with prior knowledge.
	HTTP2 Port `json:"http2,omitempty"`
	GRPC  Port `json:"grpc,omitempty"`
	TCP   Port `json:"tcp,omitempty"`
	UDP   Port `json:"udp,omitempty"`
}

// Port is a Service port's name (further ports of the protocol add "-" and a word to it) and its appProtocol.
type Port struct {
	Name        string `json:"name,omitempty"`
	AppProtocol string `json:"appProtocol,omitempty"`
}

// Settings tune the suite. What a report claims is claimed with these; they stand in it.
type Settings struct {
	// Confidence of a run in its statistical verdicts.
	Confidence float64 `json:"confidence,omitempty"`
	// Convergence is how long the mesh may take to do what an object says.
	Convergence metav1.Duration `json:"convergence,omitempty"`
	// Stable is how many good answers in a row count as converged.
	Stable int `json:"stable,omitempty"`
}

// Ready is an object that has to be there, and optionally to have a condition.
type Ready struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
	// Condition is the type of a status condition that must be True.
	Condition string `json:"condition,omitempty"`
}

const (
	defaultImage       = "docker.io/weftmesh/smi-conformance:dev"
	defaultConvergence = time.Minute
	defaultStable      = 3
)

// withDefaults fills what was left out.
func (a Adapter) withDefaults() Adapter {
	set(&a.Actors.Image, defaultImage)
	set(&a.Actors.PullPolicy, "IfNotPresent")
	set(&a.Settings.Confidence, statistics.Confidence)
	set(&a.Settings.Convergence.Duration, defaultConvergence)
	set(&a.Settings.Stable, defaultStable)
	defaultPort(&a.Ports.HTTP, Port{Name: "http", AppProtocol: "http"})
	defaultPort(&a.Ports.HTTP2, Port{Name: "http2", AppProtocol: "kubernetes.io/h2c"})
	defaultPort(&a.Ports.GRPC, Port{Name: "grpc", AppProtocol: "kubernetes.io/h2c"})
	defaultPort(&a.Ports.TCP, Port{Name: "tcp"})
	defaultPort(&a.Ports.UDP, Port{Name: "udp"})
	return a
}

func set[T comparable](field *T, value T) {
	var none T
	if *field == none {
		*field = value
	}
}

// defaultPort takes the default as a whole: who gives a name alone wants no appProtocol.
func defaultPort(p *Port, def Port) {
	if p.Name == "" && p.AppProtocol == "" {
		*p = def
	}
	set(&p.Name, def.Name)
}
