package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	clientcache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/translators/model"
)

// lookAgain is how often what did not succeed is tried again.
const lookAgain = 5 * time.Second

// loader starts the feeds, and tells the Sink when all that exists is in it.
// Every replica runs it.
type loader struct {
	cache cache.Cache
	// objects are SMI's.
	objects cache.Cache
	// reader asks the API server itself.
	reader client.Reader
	feeds  []feed
	smi    []*follower
	served *servedKinds
	sink   Sink
	log    logr.Logger
	// told hears of every state of every object, nil for one that is gone.
	told func(model.Ref, client.Object, []model.Diagnostic)
	// changed hears of a kind that is served in another way.
	changed func(model.Kind)
	again   time.Duration
	synced  atomic.Bool
}

// NeedLeaderElection tells the manager that every replica runs it.
func (l *loader) NeedLeaderElection() bool { return false }

// Start runs until ctx ends.
func (l *loader) Start(ctx context.Context) error {
	crds, err := l.watchCRDs(ctx)
	if err != nil {
		return fmt.Errorf("follow CRDs: %w", err)
	}
	var waiting []clientcache.InformerSynced
	var missing []feed
	for _, f := range l.feeds {
		synced, err := l.follow(ctx, f)
		switch {
		case err == nil:
			waiting = append(waiting, synced)
		case f.optional && meta.IsNoMatchError(err):
			missing = append(missing, f)
		default:
			return fmt.Errorf("follow %s: %w", f.kind, err)
		}
	}
	pending := len(missing) > 0
	for _, f := range l.smi {
		switch err := l.update(ctx, f); {
		case err != nil:
			l.log.Error(err, "can't follow a kind yet", "kind", f.feed.kind)
			pending = true
		case f.watch == nil:
			l.log.Info("a CRD is not installed; kubectl apply -k config/crd installs it", "kind", f.feed.kind)
		default:
			waiting = append(waiting, f.watch.synced)
		}
	}
	if !clientcache.WaitForCacheSync(ctx.Done(), waiting...) {
		return nil
	}
	l.sink.Synced()
	l.synced.Store(true)
	l.log.Info("everything that exists was read")
	l.wait(ctx, crds, missing, pending)
	return nil
}

// wait takes in the kinds that come later, and follows what becomes of the CRDs
// of SMI.
func (l *loader) wait(ctx context.Context, crds <-chan struct{}, missing []feed, pending bool) {
	ticker := time.NewTicker(l.again)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-crds:
		case <-ticker.C:
			if !pending {
				continue
			}
		}
		missing = slices.DeleteFunc(missing, func(f feed) bool {
			_, err := l.follow(ctx, f)
			return err == nil
		})
		pending = len(missing) > 0
		for _, f := range l.smi {
			if err := l.update(ctx, f); err != nil {
				l.log.V(1).Info("can't follow a kind yet", "kind", f.feed.kind, "reason", err.Error())
				pending = true
			}
			pending = !l.settle(ctx, f) || pending
		}
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
