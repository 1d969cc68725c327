package controllers

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/api/v1alpha1"
)

// meshDefaulter creates the MeshConfig where there is none, so that a user has
// something to edit. Only the leader runs it, once.
type meshDefaulter struct {
	client client.Client
	log    logr.Logger
}

// NeedLeaderElection tells the manager that the leader alone runs it.
func (d *meshDefaulter) NeedLeaderElection() bool { return true }

// Start creates it, as soon as the CRD is there.
func (d *meshDefaulter) Start(ctx context.Context) error {
	backoff := wait.Backoff{Duration: 200 * time.Millisecond, Factor: 2, Steps: 8, Cap: lookAgain}
	return ignoreEnd(ctx, backoff.DelayFunc().Until(ctx, true, true, func(ctx context.Context) (bool, error) {
		err := d.client.Create(ctx, &v1alpha1.MeshConfig{ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.MeshConfigName}})
		if err == nil || apierrors.IsAlreadyExists(err) {
			return true, nil
		}
		if !meta.IsNoMatchError(err) && !apierrors.IsNotFound(err) {
			d.log.Error(err, "the meshconfig can't be created yet")
		}
		return false, nil
	}))
}

func ignoreEnd(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("create the meshconfig: %w", err)
}
