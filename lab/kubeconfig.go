package main

import (
	"encoding/base64"
	"encoding/json"
)

// kubeconfig renders a client configuration that holds all it needs. JSON is YAML, so every client reads it.
func kubeconfig(server string, caCert []byte, client keyPair) []byte {
	type named map[string]any
	encode := base64.StdEncoding.EncodeToString
	out, _ := json.MarshalIndent(map[string]any{
		"apiVersion": "v1",
		"kind":       "Config",
		"clusters": []named{{"name": "lab", "cluster": named{
			"server": server, "certificate-authority-data": encode(caCert),
		}}},
		"users": []named{{"name": "lab", "user": named{
			"client-certificate-data": encode(client.Cert), "client-key-data": encode(client.Key),
		}}},
		"contexts":        []named{{"name": "lab", "context": named{"cluster": "lab", "user": "lab"}}},
		"current-context": "lab",
	}, "", "  ")
	return append(out, '\n')
}
