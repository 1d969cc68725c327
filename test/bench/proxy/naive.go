//go:build linux

package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"text/template"

	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/translators/envoy"
)

//go:embed naive.yaml.tmpl
var naiveText string

var naiveTemplate = template.Must(template.New("naive").Parse(naiveText))

// The naive sidecars' ports, which nothing redirects: 15000 to 15099 are left
// alone.
const (
	naiveAdmin = 15091
	naivePort  = 15092
	naiveReady = 15093
)

// naive is one Envoy of a pair that weft is compared with.
type naive struct {
	Dir, Caller, Next            string
	Admin, Ready, Port, NextPort int
	Server                       bool
}

// naivePair starts an Envoy in each pod beside its sidecar. The client calls its
// own by loopback.
func (w *world) naivePair() (client, server *process, err error) {
	caller := clientIdentity.SPIFFEID(trustDomain)
	if server, err = w.naive(w.server, naive{Caller: caller, Server: true, Next: "127.0.0.1", NextPort: appPort}); err != nil {
		return nil, nil, err
	}
	client, err = w.naive(w.client, naive{Next: w.server.addr.String(), NextPort: naivePort})
	return client, server, err
}

func (w *world) naive(p *place, n naive) (*process, error) {
	var err error
	if n.Dir, err = w.dir(); err != nil {
		return nil, err
	}
	n.Admin, n.Port, n.Ready = naiveAdmin, naivePort, naiveReady
	cert, err := w.ca.Issue(identity.Subject{Identity: p.account, PodName: p.account.Name})
	if err != nil {
		return nil, fmt.Errorf("issue a certificate: %w", err)
	}
	var text bytes.Buffer
	if err := naiveTemplate.Execute(&text, n); err != nil {
		return nil, fmt.Errorf("write a bootstrap: %w", err)
	}
	return w.start(p, n.Dir, map[string]string{
		envoy.BootstrapFile: text.String(), "cert.pem": string(cert.Chain), "key.pem": string(cert.Key), "ca.crt": string(w.ca.Roots().PEM()),
	}, naiveReady)
}
