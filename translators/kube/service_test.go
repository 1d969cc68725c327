package kube

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/weft-mesh/weft/translators/model"
)

// same compares; addresses have fields of their own.
func same[T any](t *testing.T, got, want T) {
	t.Helper()
	addr := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	if diff := cmp.Diff(want, got, addr); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// Trap 49: appProtocol of any case, then the name up to its first dash; an unknown appProtocol, or TLS of
// the application, is TCP.
func TestProtocol(t *testing.T) {
	text := func(s string) *string { return &s }
	tests := map[string]struct {
		app  *string
		name string
		want model.Protocol
	}{
		"nothing said":             {want: model.ProtocolUndeclared},
		"http":                     {app: text("http"), want: model.ProtocolHTTP},
		"any case":                 {app: text("HTTP"), want: model.ProtocolHTTP},
		"http2":                    {app: text("http2"), want: model.ProtocolHTTP2},
		"grpc":                     {app: text("gRPC"), want: model.ProtocolHTTP2},
		"h2c":                      {app: text("kubernetes.io/h2c"), want: model.ProtocolHTTP2},
		"websocket":                {app: text("kubernetes.io/ws"), want: model.ProtocolHTTP},
		"websocket over TLS":       {app: text("kubernetes.io/wss"), want: model.ProtocolTCP},
		"https is the app's TLS":   {app: text("https"), want: model.ProtocolTCP},
		"tls":                      {app: text("tls"), want: model.ProtocolTCP},
		"unknown":                  {app: text("example.com/amqp"), want: model.ProtocolTCP},
		"appProtocol wins":         {app: text("tcp"), name: "http", want: model.ProtocolTCP},
		"unknown wins over a name": {app: text("mysql"), name: "http", want: model.ProtocolTCP},
		"empty appProtocol":        {app: text(""), name: "http", want: model.ProtocolHTTP},
		"name":                     {name: "http", want: model.ProtocolHTTP},
		"name with a suffix":       {name: "http-admin", want: model.ProtocolHTTP},
		"name http2":               {name: "http2-api", want: model.ProtocolHTTP2},
		"name grpc":                {name: "grpc", want: model.ProtocolHTTP2},
		"name grpc-web":            {name: "grpc-web", want: model.ProtocolHTTP},
		"name grpc-web-x":          {name: "grpc-web-x", want: model.ProtocolHTTP},
		"name grpc-webhook":        {name: "grpc-webhook", want: model.ProtocolHTTP2},
		"name tcp":                 {name: "tcp-http", want: model.ProtocolTCP},
		"name https":               {name: "https", want: model.ProtocolTCP},
		"name of a database":       {name: "mysql-main", want: model.ProtocolTCP},
		"name only begins alike":   {name: "httpx", want: model.ProtocolUndeclared},
		"name ends alike":          {name: "dns-tcp", want: model.ProtocolUndeclared},
		"another name":             {name: "web", want: model.ProtocolUndeclared},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := protocol(tc.app, tc.name); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// Trap 45: an ExternalName has neither addresses nor ports.
// Trap 48: both families, whichever comes first.
func TestService(t *testing.T) {
	meta := metav1.ObjectMeta{Namespace: "shop", Name: "web"}
	key := model.Key{Namespace: "shop", Name: "web"}
	tests := map[string]struct {
		spec corev1.ServiceSpec
		want *model.Service
	}{
		"ports are sorted": {
			spec: corev1.ServiceSpec{ClusterIP: "10.0.0.1", ClusterIPs: []string{"10.0.0.1"}, Ports: []corev1.ServicePort{
				{Name: "http", Port: 80}, {Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP}, {Name: "dns-tcp", Port: 53, Protocol: corev1.ProtocolTCP},
			}},
			want: &model.Service{Key: key, Addresses: []netip.Addr{ip("10.0.0.1")}, Ports: []model.Port{
				{Name: "dns", Number: 53, Protocol: model.ProtocolUDP}, {Name: "dns-tcp", Number: 53, Protocol: model.ProtocolUndeclared}, {Name: "http", Number: 80, Protocol: model.ProtocolHTTP},
			}},
		},
		"two families": {
			spec: corev1.ServiceSpec{ClusterIP: "fd00::1", ClusterIPs: []string{"fd00::1", "10.0.0.1"}},
			want: &model.Service{Key: key, Addresses: []netip.Addr{ip("10.0.0.1"), ip("fd00::1")}},
		},
		"headless": {
			spec: corev1.ServiceSpec{ClusterIP: "None", ClusterIPs: []string{"None"}, Ports: []corev1.ServicePort{{Port: 80}}},
			want: &model.Service{Key: key, Headless: true, Ports: []model.Port{{Number: 80, Protocol: model.ProtocolUndeclared}}},
		},
		"external name": {
			spec: corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "example.com", Ports: []corev1.ServicePort{{Port: 80}}},
			want: &model.Service{Key: key, ExternalName: true},
		},
		"the pods' ports, where it selects pods and says their number": {
			spec: corev1.ServiceSpec{ClusterIP: "10.0.0.1", Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{
				{Name: "http", Port: 80, TargetPort: intstr.FromInt32(8080)},
				{Name: "http-same", Port: 81},
				{Name: "http-named", Port: 82, TargetPort: intstr.FromString("web")},
				{Name: "http-odd", Port: 83, TargetPort: intstr.FromInt32(70000)},
				{Name: "dns", Port: 84, Protocol: corev1.ProtocolUDP, TargetPort: intstr.FromInt32(5353)},
			}},
			want: &model.Service{Key: key, Addresses: []netip.Addr{ip("10.0.0.1")}, Ports: []model.Port{
				{Name: "http", Number: 80, Protocol: model.ProtocolHTTP, Target: 8080},
				{Name: "http-same", Number: 81, Protocol: model.ProtocolHTTP, Target: 81},
				{Name: "http-named", Number: 82, Protocol: model.ProtocolHTTP, TargetName: "web"},
				{Name: "http-odd", Number: 83, Protocol: model.ProtocolHTTP},
				{Name: "dns", Number: 84, Protocol: model.ProtocolUDP, Target: 5353},
			}},
		},
		"of endpoints that somebody else keeps it says nothing": {
			spec: corev1.ServiceSpec{ClusterIP: "10.0.0.1", Ports: []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromInt32(8080)}}},
			want: &model.Service{Key: key, Addresses: []netip.Addr{ip("10.0.0.1")}, Ports: []model.Port{{Name: "http", Number: 80, Protocol: model.ProtocolHTTP}}},
		},
		"SCTP is left out": {
			spec: corev1.ServiceSpec{ClusterIP: "10.0.0.1", Ports: []corev1.ServicePort{{Port: 80, Protocol: corev1.ProtocolSCTP}}},
			want: &model.Service{Key: key, Addresses: []netip.Addr{ip("10.0.0.1")}},
		},
		"no address yet": {spec: corev1.ServiceSpec{}, want: &model.Service{Key: key}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			same(t, Service(&corev1.Service{ObjectMeta: meta, Spec: tc.spec}), tc.want)
		})
	}
}
