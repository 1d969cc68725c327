package smi

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// serviceName reads the name of a Service of a namespace: plain, or as any DNS
// spelling of it up to the fully qualified one (TrafficSplit v1alpha4: the root
// is "the FQDN clients use").
func serviceName(written, namespace string) (string, error) {
	if written == "" {
		return "", fmt.Errorf("no Service is named; write the name of one in namespace %s", quote(namespace))
	}
	labels := strings.Split(strings.ToLower(strings.TrimSuffix(written, ".")), ".")
	for _, label := range labels {
		if len(validation.IsDNS1123Label(label)) > 0 {
			return "", fmt.Errorf("%s is not the name of a Service; write the plain name of one in namespace %s, without a port", quote(written), quote(namespace))
		}
	}
	if len(labels) > 1 && labels[1] != namespace {
		return "", fmt.Errorf("%s is in namespace %s; name a Service of namespace %s, where the TrafficSplit is", quote(written), quote(labels[1]), quote(namespace))
	}
	if len(labels) > 2 && labels[2] != "svc" {
		return "", fmt.Errorf("%s is not the address of a Service; write %s.%s.svc or the plain name", quote(written), labels[0], namespace)
	}
	return labels[0], nil
}

// objectName checks the name of an object that is not a Service.
func objectName(written, what string) error {
	if written == "" {
		return fmt.Errorf("no %s is named; write its name", what)
	}
	if len(validation.IsDNS1123Subdomain(written)) > 0 {
		return fmt.Errorf("%s is not the name of a %s; names are lower-case letters, digits, '-' and '.'", quote(written), what)
	}
	return nil
}

// namespaceName checks the name of a namespace.
func namespaceName(written string) error {
	if len(validation.IsDNS1123Label(written)) > 0 {
		return fmt.Errorf("%s is not the name of a namespace; names are lower-case letters, digits and '-'", quote(written))
	}
	return nil
}
