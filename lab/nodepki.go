package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// adminKubeconfig is the KUBECONFIG of commands that run inside the cluster's namespaces.
const adminKubeconfig = nodeDir + "/admin.kubeconfig"

// clusterPKI holds all keys of one cluster.
type clusterPKI struct {
	ca, frontCA *authority
	signingKey  []byte
	// pairs are the issued certificates by the name of their files.
	pairs map[string]keyPair
}

// clients are the components that speak to the API server, and who they are to it.
var clients = map[string]subject{
	"admin":                   {CommonName: "admin", Organization: "system:masters"},
	"kubelet":                 {CommonName: "system:node:" + nodeName, Organization: "system:nodes"},
	"kube-controller-manager": {CommonName: "system:kube-controller-manager"},
	"kube-scheduler":          {CommonName: "system:kube-scheduler"},
	"kube-proxy":              {CommonName: "system:kube-proxy"},
}

func newClusterPKI() (*clusterPKI, error) {
	p := &clusterPKI{pairs: map[string]keyPair{}}
	var err error
	if p.ca, err = newAuthority("lab-ca"); err != nil {
		return nil, err
	}
	if p.frontCA, err = newAuthority("lab-front-ca"); err != nil {
		return nil, err
	}
	if p.signingKey, err = newSigningKey(); err != nil {
		return nil, err
	}
	for name, who := range clients {
		if p.pairs[name], err = p.ca.issue(who); err != nil {
			return nil, err
		}
	}
	if p.pairs["apiserver"], err = p.ca.issue(subject{
		CommonName: "kube-apiserver",
		DNSNames:   []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
		Addresses:  []string{"127.0.0.1", nodeAddress, apiAddress},
	}); err != nil {
		return nil, err
	}
	p.pairs["front-proxy"], err = p.frontCA.issue(subject{CommonName: "front-proxy-client"})
	return p, err
}

// write puts keys, certificates and the clients' configurations into a folder.
func (p *clusterPKI) write(dir string) error {
	files := map[string][]byte{
		"ca.crt": p.ca.Cert, "ca.key": p.ca.Key, "front-ca.crt": p.frontCA.Cert, "sa.key": p.signingKey,
	}
	for name, pair := range p.pairs {
		files[name+".crt"], files[name+".key"] = pair.Cert, pair.Key
	}
	for name := range clients {
		files[name+".kubeconfig"] = kubeconfig("https://127.0.0.1:6443", p.ca.Cert, p.pairs[name])
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return fmt.Errorf("write the keys of the cluster: %w", err)
		}
	}
	return nil
}
