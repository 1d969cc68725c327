// Package resolve knows who depends on whom. Its Graph holds every fragment,
// says at each change what that change makes dirty, and answers with views:
// who sees which Service, where its requests go, who may call whom.
//
// It is pure: no client, no clock, no goroutine, no lock; internal/engine owns
// those and calls it. It knows neither Kubernetes' API types nor Envoy's.
//
// Two rules keep it honest: a view depends on the fragments alone, never on
// the order in which they came; and every view is sorted, so that equal
// meaning is equal bytes.
package resolve
