package kube

import (
	"cmp"
	"fmt"
	"net/netip"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/model"
)

// DefaultTrustDomain holds where a MeshConfig says nothing.
const DefaultTrustDomain = "cluster.local"

// The most that Envoy takes.
const maxHeaderCount, maxHeaderKilobytes = 10000, 8192

// Mesh converts a MeshConfig. What its schema would refuse has the default,
// which is the closed one for access.
func Mesh(object *v1alpha1.MeshConfig) (*model.Mesh, []model.Diagnostic) {
	m := &model.Mesh{
		Name:        object.Name,
		TrustDomain: cmp.Or(object.Spec.TrustDomain, DefaultTrustDomain),
		Access:      model.Access(cmp.Or(object.Spec.Access, v1alpha1.AccessEnforcing)),
		Egress:      model.Egress(cmp.Or(object.Spec.Egress, v1alpha1.EgressAllow)),
	}
	m.Headers = model.HeaderLimits{Count: object.Spec.HeaderLimits.Count, Kilobytes: object.Spec.HeaderLimits.Kilobytes}.OrDefault()
	var known bool
	m.DefaultProtocol, known = defaultProtocol(cmp.Or(object.Spec.DefaultProtocol, v1alpha1.ProtocolTCP))
	var diagnostics []model.Diagnostic
	refuse := func(field, value, mend string) {
		diagnostics = append(diagnostics, refusal(m.Ref(), "spec."+field, fmt.Sprintf("%q is not supported; %s", value, mend)))
	}
	if m.Access != model.AccessEnforcing && m.Access != model.AccessPermissive {
		refuse("access", string(m.Access), "write enforcing or permissive; enforcing holds")
		m.Access = model.AccessEnforcing
	}
	if m.Egress != model.EgressAllow && m.Egress != model.EgressDeny {
		refuse("egress", string(m.Egress), "write allow or deny; allow holds")
		m.Egress = model.EgressAllow
	}
	if n := m.Headers.Count; n > maxHeaderCount {
		refuse("headerLimits.count", fmt.Sprint(n), fmt.Sprintf("write at most %d; %d holds", maxHeaderCount, model.DefaultHeaderLimits.Count))
		m.Headers.Count = model.DefaultHeaderLimits.Count
	}
	if n := m.Headers.Kilobytes; n > maxHeaderKilobytes {
		refuse("headerLimits.kilobytes", fmt.Sprint(n), fmt.Sprintf("write at most %d; %d holds", maxHeaderKilobytes, model.DefaultHeaderLimits.Kilobytes))
		m.Headers.Kilobytes = model.DefaultHeaderLimits.Kilobytes
	}
	if !known {
		refuse("defaultProtocol", object.Spec.DefaultProtocol, "write tcp, http or detect; tcp holds")
		m.DefaultProtocol = model.ProtocolTCP
	}
	if len(validation.IsDNS1123Subdomain(m.TrustDomain)) > 0 {
		refuse("trustDomain", m.TrustDomain, "write a DNS name; "+DefaultTrustDomain+" holds")
		m.TrustDomain = DefaultTrustDomain
	}
	for _, text := range object.Spec.ServiceCIDRs {
		if p, err := netip.ParsePrefix(text); err != nil || p.Masked() != p {
			refuse("serviceCIDRs", text, "write a range as in 10.96.0.0/12; the cluster's ServiceCIDR objects hold")
		}
	}
	return m, diagnostics
}

func refusal(object model.Ref, field, message string) model.Diagnostic {
	return model.Diagnostic{
		Object:    object,
		Condition: model.ConditionAccepted,
		Reason:    model.ReasonUnsupportedValue,
		Field:     field,
		Message:   message,
	}
}
