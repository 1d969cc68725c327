// Package traffic makes calls and judges what was measured: HTTP calls counted by their outcome, the figures of a
// fortio run, and the exact interval in which a fair split's count must lie.
//
// The end-to-end tests and the demo use it. It knows nothing of Kubernetes.
package traffic
