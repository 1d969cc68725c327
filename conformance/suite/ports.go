package suite

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/weft-mesh/weft/conformance/adapter"
)

// Ports writes ports of Services into manifests, named as the mesh under test wants them: {{.Ports.HTTP "-a" 9000 "8080"}}
// is port 9000 of the name http-a that leads to 8080. The target may be a name.
type Ports struct{ hints adapter.Ports }

// HTTP is a port for requests.
func (p Ports) HTTP(further string, port int, target string) (string, error) {
	return servicePort(p.hints.HTTP, further, corev1.ProtocolTCP, port, target)
}

// HTTPName is the name of the port that HTTP writes without anything further.
func (p Ports) HTTPName() string { return p.hints.HTTP.Name }

// HTTP2 is a port for requests of HTTP/2.
func (p Ports) HTTP2(further string, port int, target string) (string, error) {
	return servicePort(p.hints.HTTP2, further, corev1.ProtocolTCP, port, target)
}

// GRPC is a port for gRPC calls.
func (p Ports) GRPC(further string, port int, target string) (string, error) {
	return servicePort(p.hints.GRPC, further, corev1.ProtocolTCP, port, target)
}

// TCP is a port for connections.
func (p Ports) TCP(further string, port int, target string) (string, error) {
	return servicePort(p.hints.TCP, further, corev1.ProtocolTCP, port, target)
}

// UDP is a port for datagrams.
func (p Ports) UDP(further string, port int, target string) (string, error) {
	return servicePort(p.hints.UDP, further, corev1.ProtocolUDP, port, target)
}

func servicePort(hint adapter.Port, further string, protocol corev1.Protocol, port int, target string) (string, error) {
	p := corev1.ServicePort{Name: hint.Name + further, Protocol: protocol, Port: int32(port), TargetPort: intstr.Parse(target)}
	if hint.AppProtocol != "" {
		p.AppProtocol = &hint.AppProtocol
	}
	text, err := json.Marshal(p)
	return string(text), err
}
