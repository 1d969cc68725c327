package controllers

import "context"

// EveryReplica is a Runnable that does not wait to be elected.
type EveryReplica func(context.Context) error

// Start runs it until ctx ends.
func (f EveryReplica) Start(ctx context.Context) error { return f(ctx) }

// NeedLeaderElection is false.
func (EveryReplica) NeedLeaderElection() bool { return false }
