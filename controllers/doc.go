// Package controllers is where weft meets the API server: it alone holds a
// Kubernetes client.
//
// On every replica it feeds the mesh: each kind has a Feed, which turns what
// the informer's cache holds into fragments, in order, and puts them into a
// Sink. The Sink is told once that all that exists was put, so a restart never
// pushes a part. The certificate authority's Secret is followed there too.
//
// On the leader it writes: conditions and Events of SMI objects, the ConfigMap
// that sidecars start from, the Secret of the certificate authority, the CA
// bundle of the webhooks, and the MeshConfig where there is none.
//
// It owns no rule of SMI and none of Envoy: translators/smi and translators/kube
// say what an object means, the Sink what follows from it. cmd/weft calls
// Register.
package controllers
