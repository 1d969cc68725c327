package controllers

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/translators/model"
)

const fieldOwner = "weft"

// reporter writes the conditions and Events of the reported kinds. Only the
// leader runs it.
type reporter struct {
	readers
	client client.Client
	status StatusSource
	events events.EventRecorder
	clock  clock.PassiveClock
	ready  func() error
	// say tells of what is wrong with an object that has no conditions.
	say func(model.Ref, client.Object, []model.Diagnostic)

	mu sync.Mutex
	// wrote is what was last told of an object. It is ahead of the cache, so
	// nothing is told twice.
	wrote map[model.Ref]written
}

type written struct {
	uid        string
	generation int64
	conditions []metav1.Condition
	// seen is since when the object is as it is, pending since when proxies are
	// waited for, for this generation, and at when its status was written.
	seen, pending, at time.Time
}

// Reconcile brings the status of one object up to date.
func (r *reporter) Reconcile(ctx context.Context, ref model.Ref) (ctrl.Result, error) {
	if err := r.ready(); err != nil {
		return ctrl.Result{RequeueAfter: soonest}, nil
	}
	if ref.Kind == model.KindService {
		return ctrl.Result{}, r.reportService(ctx, ref)
	}
	u, err := r.read(ctx, ref)
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		r.forget(ref)
		return ctrl.Result{}, nil
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("read %s: %w", ref, err)
	}
	j, behind := r.judge(ctx, ref, u)
	if behind {
		return ctrl.Result{RequeueAfter: soonest}, nil
	}
	w := r.look(ref, u, j)
	held, err := r.report(ctx, ref, u, j, w)
	if err != nil {
		return ctrl.Result{}, err
	}
	again := w.pause(r.clock.Now())
	if held > 0 && (again == 0 || held < again) {
		again = held
	}
	return ctrl.Result{RequeueAfter: again}, nil
}

// judge collects what is known of an object. It is behind where the mesh holds
// another state of the object than the cache.
func (r *reporter) judge(ctx context.Context, ref model.Ref, u *unstructured.Unstructured) (judgement, bool) {
	convert := convertSMI
	if ref.Kind == model.KindMeshConfig {
		convert = convertMeshConfig
	}
	fragment, diagnostics := convert(u)
	status, waiting := r.status.Status(ctx, ref)
	if (fragment == nil) != (status.Fragment == nil) || fragment != nil && !model.Equal(fragment, status.Fragment) {
		return judgement{}, true
	}
	return judgement{
		generation:  u.GetGeneration(),
		diagnostics: append(diagnostics, status.Diagnostics...),
		status:      status,
		waiting:     waiting,
	}, false
}

// report writes and tells what is new of an object, or says for how long that is
// held back.
func (r *reporter) report(ctx context.Context, ref model.Ref, u *unstructured.Unstructured, j judgement, w written) (held time.Duration, err error) {
	now := r.clock.Now()
	stored := conditionsOf(u)
	before := stored
	if w.conditions != nil {
		before = w.conditions
	}
	after := j.conditions(before, metav1.NewTime(now).Rfc3339Copy())
	if !sameConditions(ours(stored), after) {
		if held := w.hold(now, ours(stored), after); held > 0 {
			return held, nil
		}
		if err := r.write(ctx, ref, u, after); err != nil {
			return 0, err
		}
		w.at = now
	}
	for _, n := range worthTelling(before, after) {
		r.events.Eventf(u, nil, n.kind, n.reason, n.action, "%s", n.text)
	}
	w.conditions = after
	r.remember(ref, w)
	return 0, nil
}

// write applies the conditions, where the kind has a status at all.
func (r *reporter) write(ctx context.Context, ref model.Ref, u *unstructured.Unstructured, conditions []metav1.Condition) error {
	if !r.served.of(ref.Kind).status {
		return nil
	}
	text, err := json.Marshal(map[string]any{"conditions": conditions})
	if err != nil {
		return fmt.Errorf("encode the status of %s: %w", ref, err)
	}
	var status map[string]any
	if err := json.Unmarshal(text, &status); err != nil {
		return fmt.Errorf("encode the status of %s: %w", ref, err)
	}
	if ref.Kind == model.KindMeshConfig {
		status["observedGeneration"] = u.GetGeneration()
	}
	patch := unstructuredIn(ref.Kind, u.GetAPIVersion())
	patch.SetNamespace(ref.Namespace)
	patch.SetName(ref.Name)
	patch.SetUID(u.GetUID())
	patch.Object["status"] = status
	err = r.client.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(patch), client.FieldOwner(fieldOwner), client.ForceOwnership)
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		// It is gone, or another of its name is there, or its kind has no status
		// any more: the next event of it, or of its CRD, tells.
		return nil
	}
	if err != nil {
		return fmt.Errorf("write the status of %s: %w", ref, err)
	}
	return nil
}

// look notes how an object is now, and since when.
func (r *reporter) look(ref model.Ref, u *unstructured.Unstructured, j judgement) written {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	w := r.wrote[ref]
	if w.uid != string(u.GetUID()) {
		w = written{uid: string(u.GetUID())}
	}
	if w.seen.IsZero() || w.generation != j.generation {
		w.generation, w.seen, w.pending = j.generation, now, time.Time{}
	}
	switch pending := j.status.Fragment != nil && !j.status.Programmed(); {
	case !pending:
		w.pending = time.Time{}
	case w.pending.IsZero():
		w.pending = now
	}
	r.wrote[ref] = w
	return w
}

func (r *reporter) remember(ref model.Ref, w written) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrote[ref] = w
}

func (r *reporter) forget(ref model.Ref) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.wrote, ref)
}

// conditionsOf reads the stored conditions; what can't be read is none.
func conditionsOf(u *unstructured.Unstructured) []metav1.Condition {
	list, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	text, err := json.Marshal(list)
	if err != nil {
		return nil
	}
	var conditions []metav1.Condition
	if json.Unmarshal(text, &conditions) != nil {
		return nil
	}
	return conditions
}

// ours leaves out the conditions of others, in the order in which we write.
func ours(stored []metav1.Condition) []metav1.Condition {
	var found []metav1.Condition
	for _, kind := range []model.Condition{model.ConditionAccepted, model.ConditionResolvedRefs, model.ConditionProgrammed} {
		if c := meta.FindStatusCondition(stored, string(kind)); c != nil {
			found = append(found, *c)
		}
	}
	return found
}
