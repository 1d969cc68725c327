package envoy

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/weft-mesh/weft/translators/model"
)

// TLS 1.3 alone. Envoy's client side stops at 1.2 unless told, so the maximum
// is as needed as the minimum.
func tlsParameters() *tlsv3.TlsParameters {
	return &tlsv3.TlsParameters{
		TlsMinimumProtocolVersion: tlsv3.TlsParameters_TLSv1_3,
		TlsMaximumProtocolVersion: tlsv3.TlsParameters_TLSv1_3,
	}
}

func secretConfig(name string) *tlsv3.SdsSecretConfig {
	return &tlsv3.SdsSecretConfig{Name: name, SdsConfig: overADS()}
}

// commonTLS proves this pod by its own certificate, and the peer by the mesh's
// roots and one of the identities; any of the trust domain where there are none.
func commonTLS(alpns []string, trustDomain string, identities []model.Identity) *tlsv3.CommonTlsContext {
	c := &tlsv3.CommonTlsContext{
		TlsParams: tlsParameters(), AlpnProtocols: alpns,
		TlsCertificateSdsSecretConfigs: []*tlsv3.SdsSecretConfig{secretConfig(WorkloadSecret)},
	}
	var sans []*tlsv3.SubjectAltNameMatcher
	for _, id := range identities {
		sans = append(sans, &tlsv3.SubjectAltNameMatcher{
			SanType: tlsv3.SubjectAltNameMatcher_URI,
			Matcher: &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: id.SPIFFEID(trustDomain)}},
		})
	}
	c.ValidationContextType = &tlsv3.CommonTlsContext_CombinedValidationContext{
		CombinedValidationContext: &tlsv3.CommonTlsContext_CombinedCertificateValidationContext{
			DefaultValidationContext:         &tlsv3.CertificateValidationContext{MatchTypedSubjectAltNames: sans},
			ValidationContextSdsSecretConfig: secretConfig(RootsSecret),
		},
	}
	return c
}

func upstreamTLS(alpns []string, trustDomain string, identities []model.Identity) *corev3.TransportSocket {
	return transportSocket(&tlsv3.UpstreamTlsContext{CommonTlsContext: commonTLS(alpns, trustDomain, identities)})
}

// downstreamTLS takes in callers of the mesh, or of the identities alone where
// there are any.
func downstreamTLS(trustDomain string, identities []model.Identity) *corev3.TransportSocket {
	return transportSocket(&tlsv3.DownstreamTlsContext{
		CommonTlsContext: commonTLS(nil, trustDomain, identities), RequireClientCertificate: on(),
		// A resumed session would outlive the certificate that opened it.
		SessionTicketKeysType:            &tlsv3.DownstreamTlsContext_DisableStatelessSessionResumption{DisableStatelessSessionResumption: true},
		DisableStatefulSessionResumption: true,
	})
}
