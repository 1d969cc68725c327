package kube

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/model"
)

func TestMesh(t *testing.T) {
	defaults := model.Mesh{Name: "weft", TrustDomain: "cluster.local", Access: model.AccessEnforcing, Egress: model.EgressAllow, Headers: model.DefaultHeaderLimits, DefaultProtocol: model.ProtocolTCP}
	tests := map[string]struct {
		spec v1alpha1.MeshConfigSpec
		want model.Mesh
		diag []string
	}{
		"defaults": {want: defaults},
		"all set": {
			spec: v1alpha1.MeshConfigSpec{
				Access: "permissive", Egress: "deny", TrustDomain: "corp.example", HeaderLimits: v1alpha1.HeaderLimits{Count: 10000, Kilobytes: 1},
				DefaultProtocol: "detect",
			},
			want: model.Mesh{
				Name: "weft", TrustDomain: "corp.example", Access: model.AccessPermissive, Egress: model.EgressDeny,
				Headers: model.HeaderLimits{Count: 10000, Kilobytes: 1}, DefaultProtocol: model.ProtocolDetect,
			},
		},
		"nonsense never opens": {
			spec: v1alpha1.MeshConfigSpec{Access: "open", Egress: "maybe", TrustDomain: "a b", HeaderLimits: v1alpha1.HeaderLimits{Count: 10001, Kilobytes: 8193}, DefaultProtocol: "udp"},
			want: defaults,
			diag: []string{
				"spec.access: \"open\"", "spec.egress: \"maybe\"", "spec.headerLimits.count: \"10001\"", "spec.headerLimits.kilobytes: \"8193\"",
				"spec.defaultProtocol: \"udp\"", "spec.trustDomain: \"a b\"",
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, diagnostics := Mesh(&v1alpha1.MeshConfig{ObjectMeta: metav1.ObjectMeta{Name: "weft"}, Spec: tc.spec})
			same(t, *got, tc.want)
			begins(t, diagnostics, tc.diag)
		})
	}
}

func begins(t *testing.T, got []model.Diagnostic, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range want {
		if !strings.HasPrefix(got[i].Text(), want[i]) {
			t.Errorf("got %q, want %q", got[i].Text(), want[i])
		}
	}
}

func TestNamespace(t *testing.T) {
	tests := map[string]struct {
		labels map[string]string
		want   model.Namespace
		diag   []string
	}{
		"nothing said":     {want: model.Namespace{Name: "shop", MTLS: model.MTLSStrict}},
		"permissive":       {labels: map[string]string{"weft.mesh/access": "permissive"}, want: model.Namespace{Name: "shop", Access: model.AccessPermissive, MTLS: model.MTLSStrict}},
		"enforcing":        {labels: map[string]string{"weft.mesh/access": "enforcing"}, want: model.Namespace{Name: "shop", Access: model.AccessEnforcing, MTLS: model.MTLSStrict}},
		"plaintext":        {labels: map[string]string{"weft.mesh/mtls": "permissive"}, want: model.Namespace{Name: "shop", MTLS: model.MTLSPermissive}},
		"undeclared ports": {labels: map[string]string{"weft.mesh/default-protocol": "http"}, want: model.Namespace{Name: "shop", MTLS: model.MTLSStrict, DefaultProtocol: model.ProtocolHTTP}},
		"nonsense never opens": {
			labels: map[string]string{"weft.mesh/access": "Permissive", "weft.mesh/mtls": "off", "weft.mesh/default-protocol": "grpc"}, want: model.Namespace{Name: "shop", MTLS: model.MTLSStrict},
			diag: []string{`metadata.labels[weft.mesh/access]: "Permissive"`, `metadata.labels[weft.mesh/mtls]: "off"`, `metadata.labels[weft.mesh/default-protocol]: "grpc"`},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, diagnostics := Namespace(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: tc.labels}})
			same(t, *got, tc.want)
			begins(t, diagnostics, tc.diag)
		})
	}
}
