package webhooks

import (
	corev1 "k8s.io/api/core/v1"
)

// addDrain lets every container wait before it is told to stop, so that the
// callers' sidecars have left the pod before the application does. A container
// with a hook of its own keeps that one alone. Sidecars need none: they end
// after the others.
func addDrain(spec *corev1.PodSpec, seconds int64) {
	if seconds == 0 {
		return
	}
	for i := range spec.Containers {
		c := &spec.Containers[i]
		if c.Lifecycle == nil {
			c.Lifecycle = &corev1.Lifecycle{}
		}
		if c.Lifecycle.PreStop == nil {
			c.Lifecycle.PreStop = &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: seconds}}
		}
	}
}
