package main

import (
	"os"
	"runtime/debug"

	"github.com/spf13/pflag"
)

// headroom is the share of the container's memory that is not Go's heap: what
// the kernel keeps for it, and what a burst takes before garbage is collected.
const headroom = 0.1

func memoryFlag(f *pflag.FlagSet, bytes *int64) {
	f.Int64Var(bytes, "memory-limit", 0, "bytes of memory that the container may use, to collect garbage in time; 0 for no limit. GOMEMLIMIT goes before it")
}

// limitMemory has garbage collected harder as the process nears what it may use.
func limitMemory(bytes int64) {
	if bytes > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(float64(bytes) * (1 - headroom)))
	}
}
