package controllers

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	clientcache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/translators/model"
)

// lookAgain is how often a missing CRD is looked for.
const lookAgain = 5 * time.Second

// loader starts the feeds, and tells the Sink when all that exists is in it.
// Every replica runs it.
type loader struct {
	cache cache.Cache
	feeds []feed
	sink  Sink
	log   logr.Logger
	// told hears of every state of every object, nil for one that is gone.
	told   func(model.Ref, client.Object, []model.Diagnostic)
	again  time.Duration
	synced atomic.Bool
}

// NeedLeaderElection tells the manager that every replica runs it.
func (l *loader) NeedLeaderElection() bool { return false }

// Start runs until ctx ends.
func (l *loader) Start(ctx context.Context) error {
	var waiting []clientcache.InformerSynced
	var missing []feed
	for _, f := range l.feeds {
		synced, err := l.follow(ctx, f)
		switch {
		case err == nil:
			waiting = append(waiting, synced)
		case f.optional && meta.IsNoMatchError(err):
			l.log.Info("a CRD is not installed; kubectl apply -k config/crd installs it", "kind", f.kind)
			missing = append(missing, f)
		default:
			return fmt.Errorf("follow %s: %w", f.kind, err)
		}
	}
	if !clientcache.WaitForCacheSync(ctx.Done(), waiting...) {
		return nil
	}
	l.sink.Synced()
	l.synced.Store(true)
	l.log.Info("everything that exists was read")
	return l.wait(ctx, missing)
}

// wait takes in the kinds whose CRDs come later.
func (l *loader) wait(ctx context.Context, missing []feed) error {
	ticker := time.NewTicker(l.again)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		var still []feed
		for _, f := range missing {
			if _, err := l.follow(ctx, f); err != nil {
				still = append(still, f)
				continue
			}
			l.log.Info("a CRD was installed", "kind", f.kind)
		}
		missing = still
	}
}

// follow attaches a feed to its informer. It does not wait for the first list.
func (l *loader) follow(ctx context.Context, f feed) (clientcache.InformerSynced, error) {
	informer, err := l.cache.GetInformer(ctx, f.object, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, err
	}
	registration, err := informer.AddEventHandler(f.handler(l.sink, l.told))
	if err != nil {
		return nil, err
	}
	return registration.HasSynced, nil
}

// errNotSynced is the answer of a replica that has not read everything.
var errNotSynced = errors.New("the objects of the cluster are still being read")

// ready is nil once everything that exists was read.
func (l *loader) ready() error {
	if !l.synced.Load() {
		return errNotSynced
	}
	return nil
}
