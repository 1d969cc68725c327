package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MeshConfig is what holds for the mesh as a whole. The one named "weft" is in
// force; a change of it applies without a restart.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,path=meshconfigs,singular=meshconfig,shortName=mc,categories=weft
// +kubebuilder:subresource:status
type MeshConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   MeshConfigSpec   `json:"spec,omitempty"`
	Status MeshConfigStatus `json:"status,omitempty"`
}

// MeshConfigSpec is what the user wants. A field that is left out has its
// default.
type MeshConfigSpec struct {
	// Access is what happens to a call that no TrafficTarget allows, where the
	// Namespace's label weft.mesh/access says nothing. Default: enforcing.
	Access Access `json:"access,omitempty"`
	// Egress is what happens to a call that leaves the mesh. Default: allow.
	Egress Egress `json:"egress,omitempty"`
	// HeaderLimits bound the headers of a request, and of an answer.
	HeaderLimits HeaderLimits `json:"headerLimits,omitempty"`
	// DefaultProtocol is what ports of Services speak that neither their Service
	// nor a policy speaks of, where the Namespace's label
	// weft.mesh/default-protocol says nothing: tcp, http or detect. Default: tcp.
	DefaultProtocol string `json:"defaultProtocol,omitempty"`
	// Certificate is about the certificates of workloads.
	Certificate Certificate `json:"certificate,omitempty"`
	// TrustDomain is the first part of every identity. It can't be changed once
	// it is set. Default: cluster.local.
	TrustDomain string `json:"trustDomain,omitempty"`
	// ServiceCIDRs hold the cluster's Service addresses; UDP to them is led
	// through the sidecar of pods that are created from then on. Default: those
	// of the cluster's ServiceCIDR objects.
	ServiceCIDRs []string `json:"serviceCIDRs,omitempty"`
	// Sidecar is about the containers that pods get which are created from then
	// on.
	Sidecar Sidecar `json:"sidecar,omitempty"`
}

// Access is an access mode.
type Access string

// The access modes.
const (
	AccessEnforcing  Access = "enforcing"
	AccessPermissive Access = "permissive"
)

// Egress is an egress mode.
type Egress string

// The egress modes.
const (
	EgressAllow Egress = "allow"
	EgressDeny  Egress = "deny"
)

// HeaderLimits bound the headers of one message between two pods of the mesh. A
// request with more is answered with 431, an answer with more becomes 502; both
// name the limits.
type HeaderLimits struct {
	// Count is how many there may be, 1 to 10000. Default: 256.
	Count uint32 `json:"count,omitempty"`
	// Kilobytes is how long all of them may be, 1 to 8192. Default: 128.
	Kilobytes uint32 `json:"kilobytes,omitempty"`
}

// Certificate is about the certificates of workloads.
type Certificate struct {
	// Lifetime is how long a certificate is valid; it is renewed at half of it.
	// At least a minute. Default: 1h.
	Lifetime *metav1.Duration `json:"lifetime,omitempty"`
}

// MeshConfigStatus is what weft makes of it.
type MeshConfigStatus struct {
	// ObservedGeneration is the generation that the status is about.
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// Conditions are Accepted and Programmed.
	//
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// MeshConfigList is a list of MeshConfigs.
//
// +kubebuilder:object:root=true
type MeshConfigList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []MeshConfig `json:"items"`
}
