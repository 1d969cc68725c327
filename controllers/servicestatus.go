package controllers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/translators/model"
)

// reportService tells in Events what is wrong with a Service, which has no
// conditions of ours.
func (r *reporter) reportService(ctx context.Context, ref model.Ref) error {
	s := &corev1.Service{}
	err := r.mesh.Get(ctx, client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}, s)
	if apierrors.IsNotFound(err) {
		r.say(ref, nil, nil)
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", ref, err)
	}
	status, _ := r.status.Status(ctx, ref)
	r.say(ref, s, status.Diagnostics)
	return nil
}
