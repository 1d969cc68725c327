package model

// IdentityBinding is an IdentityBinding (access.smi-spec.io/v1alpha4, never
// released): a name for identities of its own namespace. Its schemes are ORed.
type IdentityBinding struct {
	Key
	// ServiceAccount is one of the namespace; empty where the scheme is unused.
	ServiceAccount string
	// SPIFFEIDs have no scheme, as the specification writes them:
	// "trust-domain/ns/namespace/sa/name".
	SPIFFEIDs []string
	// PodLabels select pods of the namespace; nil where the scheme is unused.
	PodLabels map[string]string
}

// Ref names the IdentityBinding.
func (b *IdentityBinding) Ref() Ref { return Ref{Kind: KindIdentityBinding, Key: b.Key} }
