package controllers

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/translators/model"
)

// trustStatus is how long the answer about a kind is believed: another product
// may put its CRDs in place of ours, or the other way round.
const trustStatus = time.Minute

// statusSupport tells which kinds have a status subresource. The CRDs that
// other products bring have none; then Events are all that is told.
type statusSupport struct {
	discovery discovery.ServerResourcesInterface
	clock     clock.PassiveClock
	log       logr.Logger

	mu    sync.Mutex
	known map[model.Kind]support
}

type support struct {
	status bool
	asked  time.Time
}

// has tells whether a kind has a status. Where that can't be found out it says
// yes, as a write that fails does no harm.
func (s *statusSupport) has(kind model.Kind) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k, ok := s.known[kind]; ok && (k.status || s.clock.Since(k.asked) < trustStatus) {
		return k.status
	}
	version := versionOf(kind).GroupVersion().String()
	list, err := s.discovery.ServerResourcesForGroupVersion(version)
	if err != nil {
		return true
	}
	has := slices.ContainsFunc(list.APIResources, func(r metav1.APIResource) bool {
		return r.Kind == string(kind) && strings.HasSuffix(r.Name, "/status")
	})
	if !has {
		s.log.Info("a CRD of another product has no status, so its objects have Events alone; config/crd has one that does", "kind", kind)
	}
	s.known[kind] = support{status: has, asked: s.clock.Now()}
	return has
}

// recheck forgets the answer about a kind.
func (s *statusSupport) recheck(kind model.Kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, kind)
}
