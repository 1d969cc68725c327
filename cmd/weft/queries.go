package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/weft-mesh/weft/controllers"
	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/internal/metricsapi/inventory"
	"github.com/weft-mesh/weft/internal/promql"
	"github.com/weft-mesh/weft/internal/promql/history"
)

// noAddress says that something is not served, as controller-runtime has it.
const noAddress = "0"

// addQueries has the query API served, and gives what is to be told of every
// series for it; nil where it is not wanted.
func addQueries(ctx context.Context, mgr manager.Manager, objects *inventory.Inventory, s metricsSettings) (figures.Ledger, error) {
	if s.query == noAddress {
		return nil, nil
	}
	store, err := history.New(history.Options{
		Cluster: func() (history.Cluster, error) { return existing(ctx, objects) }, Interval: s.interval, Keep: s.kept,
		Clock: clock.RealClock{}, Log: mgr.GetLogger().WithName("history"), Registerer: metrics.Registry,
	})
	if err != nil {
		return nil, err
	}
	queries, err := promql.New(promql.Options{
		Store: store, Families: s.families,
		Clock: clock.RealClock{}, Log: mgr.GetLogger().WithName("promql"), Registerer: metrics.Registry,
	})
	if err != nil {
		return nil, fmt.Errorf("--query-families: %w", err)
	}
	server := &manager.Server{Name: "query API", Server: &http.Server{
		Addr: s.query, Handler: queries.Handler(),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: promql.MaxTimeout + 10*time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 128 << 10,
	}}
	if err := errors.Join(mgr.Add(controllers.EveryReplica(store.Start)), mgr.Add(server)); err != nil {
		return nil, fmt.Errorf("set up the query API: %w", err)
	}
	return store, nil
}

func existing(ctx context.Context, objects *inventory.Inventory) (c history.Cluster, err error) {
	if c.Targets, err = objects.Targets(ctx); err != nil {
		return c, err
	}
	c.Splits, err = objects.Splits(ctx)
	return c, err
}
