package controllers

import (
	"context"

	"github.com/weft-mesh/weft/internal/engine"
	"github.com/weft-mesh/weft/translators/model"
)

// Sink takes fragments in; *engine.Engine is one. Its methods are called by
// several goroutines.
type Sink interface {
	Put(f model.Fragment)
	Delete(r model.Ref)
	// Synced tells that every object that exists has been put.
	Synced()
}

// StatusSource tells how an object stands with the proxies of all replicas;
// *peers.Client is one. Waiting says, for people, who else is waited for.
type StatusSource interface {
	Status(ctx context.Context, r model.Ref) (s engine.Status, waiting []string)
}

// BootstrapFunc gives the data of the ConfigMap that sidecars start from, for a
// trust domain and the PEM of the roots that are trusted in it.
type BootstrapFunc func(trustDomain string, roots []byte) (map[string]string, error)
