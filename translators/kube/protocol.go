package kube

import (
	"strings"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/model"
)

// The application protocols, as appProtocol and as the first part of a port's
// name. What is encrypted by the application is TCP to the mesh.
var protocols = map[string]model.Protocol{
	"http":              model.ProtocolHTTP,
	"http1":             model.ProtocolHTTP,
	"ws":                model.ProtocolHTTP,
	"kubernetes.io/ws":  model.ProtocolHTTP,
	"http2":             model.ProtocolHTTP2,
	"h2c":               model.ProtocolHTTP2,
	"grpc":              model.ProtocolHTTP2,
	"kubernetes.io/h2c": model.ProtocolHTTP2,
	"grpc-web":          model.ProtocolHTTP,
	"tcp":               model.ProtocolTCP,
	"tls":               model.ProtocolTCP,
	"https":             model.ProtocolTCP,
	"wss":               model.ProtocolTCP,
	"mysql":             model.ProtocolTCP,
	"mongo":             model.ProtocolTCP,
	"redis":             model.ProtocolTCP,
	"kubernetes.io/wss": model.ProtocolTCP,
}

// protocol tells what a TCP port is declared to speak: its appProtocol says, else
// the prefix of its name.
func protocol(appProtocol *string, name string) model.Protocol {
	if appProtocol != nil && *appProtocol != "" {
		if p, ok := protocols[strings.ToLower(*appProtocol)]; ok {
			return p
		}
		return model.ProtocolTCP
	}
	name = strings.ToLower(name)
	if name == "grpc-web" || strings.HasPrefix(name, "grpc-web-") {
		return model.ProtocolHTTP
	}
	prefix, _, _ := strings.Cut(name, "-")
	if p, ok := protocols[prefix]; ok {
		return p
	}
	return model.ProtocolUndeclared
}

// defaultProtocol reads what undeclared ports speak; not ok for what is none of
// these, "" included.
func defaultProtocol(value string) (model.Protocol, bool) {
	switch value {
	case v1alpha1.ProtocolTCP:
		return model.ProtocolTCP, true
	case v1alpha1.ProtocolHTTP:
		return model.ProtocolHTTP, true
	case v1alpha1.ProtocolDetect:
		return model.ProtocolDetect, true
	default:
		return "", false
	}
}
