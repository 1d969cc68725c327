package main

import (
	"os"
	"strings"

	"github.com/weft-mesh/weft/internal/podnet"
)

// domainOf finds the cluster's domain in a pod's resolv.conf; empty where it has
// none.
func domainOf(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return podnet.ClusterDomain(string(text))
}

// lookupName is the name by which sidecars look a Service up. With a final dot it
// is found whatever a pod's search domains and ndots are.
func lookupName(host, domain string) string {
	domain = strings.Trim(domain, ".")
	if domain == "" {
		return host
	}
	return host + "." + domain + "."
}
