package envoy

import "math"

// weightUnit is what weights are divided by so that Envoy can add them up in 32
// bits: one, but for weights that nobody means.
func weightUnit[T any](of []T, weight func(T) uint32) uint64 {
	sum := uint64(0)
	for _, v := range of {
		sum += uint64(weight(v))
	}
	// What inUnits rounds up may add one for each.
	return 1 + sum/uint64(math.MaxUint32-len(of))
}

// inUnits divides a weight. What had any keeps some.
func inUnits(weight uint32, unit uint64) uint32 {
	return uint32((uint64(weight) + unit - 1) / unit)
}
