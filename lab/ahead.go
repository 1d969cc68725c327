package main

import (
	"context"
	"time"
)

// expected is how long the long steps take two cores that have nothing else to do, with all modules there.
// It is half of the CPU that each takes, which hack/first-run.sh shows.
var expected = map[string]time.Duration{
	"weft": 150 * time.Second, "cni": 5 * time.Second, "cluster": 280 * time.Second, "store": 10 * time.Second,
	"flagger": 75 * time.Second, "argo-rollouts": 130 * time.Second, "smi-conformance": 20 * time.Second,
}

// compilation is one call of go build.
type compilation struct {
	// name is that of its step.
	name, dir string
	packages  []string
	// done is whether it was made before.
	done bool
}

// compilationsAhead lists what must be compiled for a cluster and for parts, in the order in which it is.
func compilationsAhead(l layout, asked []part) ([]compilation, error) {
	all := []compilation{weft.compilation(l)}
	for _, p := range pins {
		c, err := p.compilation(l)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	for _, p := range asked {
		if p.compilation == nil {
			continue
		}
		c, err := p.compilation(l)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	var ahead []compilation
	for _, c := range all {
		if !c.done {
			ahead = append(ahead, c)
		}
	}
	return ahead, nil
}

// expectedTimes are those of what is to be compiled, and of the image store that is made of it.
func expectedTimes(ahead []compilation) map[string]time.Duration {
	times := map[string]time.Duration{}
	for _, c := range ahead {
		times[c.name] = expected[c.name]
		times["store"] = expected["store"]
	}
	return times
}

// fetchModules downloads what is to be compiled, in the order in which it is. Where that fails, the build fails too, and
// says why.
func fetchModules(ctx context.Context, ahead []compilation) {
	for _, c := range ahead {
		_ = goCommand(ctx, c.dir, append([]string{"list", "-deps"}, c.packages...)...).Run()
	}
}
