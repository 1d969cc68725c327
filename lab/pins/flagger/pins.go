//go:build pins

// Package pins names the commands that the lab builds from this module.
package pins

import (
	_ "github.com/fluxcd/flagger/cmd/flagger"
)
