package controllers

import (
	"errors"
	"fmt"
	"net/http"

	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"

	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/translators/model"
)

// Options are what the controllers work with. All are needed, but for Settled,
// Gates and Clock.
type Options struct {
	// Namespace is where weft itself runs.
	Namespace string
	Sink      Sink
	Status    StatusSource
	// Notifier is the one that the engine's StatusChanged calls.
	Notifier  *Notifier
	Authority *identity.Authority
	Bootstrap BootstrapFunc
	// Settled tells that the proxies of an earlier replica have had time to
	// connect to this one; before that no status is written.
	Settled func() bool
	// Gates say which unreleased parts of the specification are on.
	Gates Gates
	// Clock is the system's where it is nil.
	Clock clock.PassiveClock
}

// Register adds all controllers to a manager whose cache has CacheOptions and
// whose scheme is Scheme. The manager's ready check "objects" is ok once
// everything that exists was read and a CA is in force.
func Register(mgr ctrl.Manager, o Options) error {
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	recorder := mgr.GetEventRecorder("weft")
	authority := &authorityReconciler{
		cache: mgr.GetCache(), client: mgr.GetClient(), namespace: o.Namespace, authority: o.Authority,
		clock: o.Clock, events: recorder, elected: mgr.Elected(),
	}
	t := &teller{notifier: o.Notifier, mesh: authority.again, events: recorder, elected: mgr.Elected(), said: map[model.Ref][]string{}}
	kinds := &servedKinds{}
	objects, err := smiCache(mgr)
	if err != nil {
		return err
	}
	l := &loader{
		cache: mgr.GetCache(), objects: objects, reader: mgr.GetAPIReader(), feeds: feeds(), smi: smiFollowers(o.Gates), served: kinds,
		sink: o.Sink, log: mgr.GetLogger().WithName("loader"), told: t.tell, changed: o.Notifier.again, again: lookAgain,
	}
	err = errors.Join(
		mgr.Add(EveryReplica(objects.Start)),
		mgr.Add(l),
		mgr.Add(&meshDefaulter{client: mgr.GetClient(), log: mgr.GetLogger().WithName("meshconfig")}),
		authority.register(mgr),
		registerReporter(mgr, o, readers{mesh: mgr.GetCache(), smi: objects, served: kinds}, recorder, t.say, func() error { return errors.Join(l.ready(), settled(o.Settled)) }),
		(&proxyConfigReconciler{
			client: mgr.GetClient(), authority: o.Authority, bootstrap: o.Bootstrap, system: o.Namespace, events: recorder, said: map[string]string{},
		}).register(mgr),
		(&caBundleReconciler{client: mgr.GetClient(), authority: o.Authority}).register(mgr),
		(&crdReconciler{client: mgr.GetClient(), reader: mgr.GetAPIReader(), authority: o.Authority, events: recorder}).register(mgr),
		(&metricsServing{client: mgr.GetClient(), reader: mgr.GetAPIReader(), authority: o.Authority, clock: o.Clock, namespace: o.Namespace}).register(mgr),
		mgr.AddReadyzCheck("objects", func(*http.Request) error { return l.ready() }),
		mgr.AddReadyzCheck("authority", func(*http.Request) error { return hasAuthority(o.Authority) }),
	)
	if err != nil {
		return fmt.Errorf("register the controllers: %w", err)
	}
	return nil
}

func settled(f func() bool) error {
	if f != nil && !f() {
		return errors.New("proxies are still connecting")
	}
	return nil
}

func hasAuthority(a *identity.Authority) error {
	if a.CA() == nil {
		return errors.New("no certificate authority is in force yet")
	}
	return nil
}

func registerReporter(mgr ctrl.Manager, o Options, from readers, recorder events.EventRecorder, say func(model.Ref, client.Object, []model.Diagnostic), ready func() error) error {
	r := &reporter{
		readers: from, client: mgr.GetClient(), status: o.Status, events: recorder, clock: o.Clock, ready: ready, say: say,
		wrote: map[model.Ref]written{},
	}
	c, err := controller.NewTyped("status", mgr, controller.TypedOptions[model.Ref]{Reconciler: r, MaxConcurrentReconciles: 4})
	if err != nil {
		return fmt.Errorf("set up the status controller: %w", err)
	}
	if err := c.Watch(o.Notifier.source(o.Notifier.everything)); err != nil {
		return fmt.Errorf("set up the status controller: %w", err)
	}
	return nil
}
