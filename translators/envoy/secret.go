package envoy

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
)

func inline(b []byte) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{InlineBytes: b}}
}

// BuildWorkloadSecret is a pod's own certificate chain and key.
func BuildWorkloadSecret(certPEM, keyPEM []byte) *tlsv3.Secret {
	return &tlsv3.Secret{Name: WorkloadSecret, Type: &tlsv3.Secret_TlsCertificate{TlsCertificate: &tlsv3.TlsCertificate{
		CertificateChain: inline(certPEM), PrivateKey: inline(keyPEM),
	}}}
}

// BuildRootsSecret is whom the mesh trusts. The SPIFFE validator checks the
// trust domain too, which a plain root does not.
func BuildRootsSecret(trustDomain string, bundlePEM []byte) *tlsv3.Secret {
	validator := &tlsv3.SPIFFECertValidatorConfig{TrustDomains: []*tlsv3.SPIFFECertValidatorConfig_TrustDomain{
		{Name: trustDomain, TrustBundle: inline(bundlePEM)},
	}}
	return &tlsv3.Secret{Name: RootsSecret, Type: &tlsv3.Secret_ValidationContext{ValidationContext: &tlsv3.CertificateValidationContext{
		CustomValidatorConfig: &corev3.TypedExtensionConfig{Name: "envoy.tls.cert_validator.spiffe", TypedConfig: packed(validator)},
	}}}
}
