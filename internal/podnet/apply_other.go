//go:build !linux

package podnet

import (
	"context"
	"errors"
)

// Apply is for Linux alone.
func Apply(context.Context, Config) error {
	return errors.New("set up pod network: only Linux has nftables")
}
