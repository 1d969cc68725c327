// Package peers lets the leader ask the other replicas how far their proxies
// have come: a proxy is connected to one replica only, while the leader alone
// writes the status of objects.
//
// It owns the small HTTPS protocol between replicas and the merging of their
// answers. It does not know who the leader is, nor finds the replicas: cmd/weft
// gives it their addresses and the TLS configuration, controllers ask it.
package peers
