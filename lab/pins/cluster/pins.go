//go:build pins

// Package pins names the commands that the lab builds from this module as they are.
package pins

import (
	_ "fortio.org/fortio"
	_ "go.etcd.io/etcd/server/v3"
)
