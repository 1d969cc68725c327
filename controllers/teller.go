package controllers

import (
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/translators/model"
)

// teller passes on what the feeds see: SMI objects to the reporter, the
// MeshConfig to the authority too. What is wrong with pods and namespaces,
// which have no conditions of ours, the leader tells in Events.
type teller struct {
	notifier *Notifier
	mesh     func()
	events   events.EventRecorder
	elected  <-chan struct{}

	mu sync.Mutex
	// said is what was told of an object last.
	said map[model.Ref][]string
}

func (t *teller) tell(ref model.Ref, o client.Object, diagnostics []model.Diagnostic) {
	switch ref.Kind {
	case model.KindEndpointSlice:
	case model.KindService:
		if o == nil {
			t.notifier.seen(ref, false)
		}
	case model.KindPod, model.KindNamespace:
		if isClosed(t.elected) {
			t.say(ref, o, diagnostics)
		}
	case model.KindMeshConfig:
		t.mesh()
		t.notifier.seen(ref, o != nil)
	default:
		t.notifier.seen(ref, o != nil)
	}
}

// say tells of a mistake once, however often the object is seen.
func (t *teller) say(ref model.Ref, o client.Object, diagnostics []model.Diagnostic) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o == nil || len(diagnostics) == 0 {
		delete(t.said, ref)
		return
	}
	var texts []string
	for _, d := range diagnostics {
		texts = append(texts, d.Text())
		if !slices.Contains(t.said[ref], d.Text()) {
			t.events.Eventf(o, nil, corev1.EventTypeWarning, d.Reason, "Read", "%s", d.Text())
		}
	}
	t.said[ref] = texts
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
