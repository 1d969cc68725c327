package versions

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"

	"k8s.io/apimachinery/pkg/api/resource"
)

// quantityText bounds what is parsed: a large exponent would take all memory.
var quantityText = regexp.MustCompile(`^[+-]?([0-9]{1,19}(\.[0-9]{0,19})?|\.[0-9]{1,19})([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?$`)

// largestSum is what Envoy takes for the sum of all weights.
var largestSum = big.NewInt(math.MaxUint32)

// CheckQuantity says what is wrong with a weight of v1alpha1.
func CheckQuantity(value any) error { return checkQuantity(value) }

func checkQuantity(value any) error {
	_, err := nanos(value)
	return err
}

// nanos reads a quantity, in billionths.
func nanos(value any) (*big.Int, error) {
	text := ""
	switch v := value.(type) {
	case string:
		text = v
	case int64:
		text = strconv.FormatInt(v, 10)
	case int:
		text = strconv.Itoa(v)
	case float64:
		text = strconv.FormatFloat(v, 'f', -1, 64)
	case nil:
		return nil, fmt.Errorf("there is no weight; write a quantity, as in 1, 500m or 0.5")
	}
	shown := text
	if len(shown) > 40 {
		shown = shown[:40] + "..."
	}
	if !quantityText.MatchString(text) {
		return nil, fmt.Errorf("%q is not a quantity; write one, as in 1, 500m or 0.5", shown)
	}
	q, err := resource.ParseQuantity(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a quantity; write one, as in 1, 500m or 0.5", shown)
	}
	if q.Sign() < 0 {
		return nil, fmt.Errorf("%s is negative; write a quantity of 0 or more", shown)
	}
	d := q.AsDec()
	n := new(big.Int).Set(d.UnscaledBig())
	// A quantity is never finer than a billionth.
	return n.Mul(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(9-d.Scale())), nil)), nil
}

// wholeWeights brings quantities to a common scale: as they are where all are
// whole, else as the smallest whole numbers of the same ratios.
func wholeWeights(weights []any) ([]int64, error) {
	values := make([]*big.Int, 0, len(weights))
	for _, weight := range weights {
		n, err := nanos(weight)
		if err != nil {
			return nil, err
		}
		values = append(values, n)
	}
	if whole, ok := divided(values, big.NewInt(1e9)); ok {
		return whole, nil
	}
	divisor := new(big.Int)
	for _, n := range values {
		divisor.GCD(nil, nil, divisor, n)
	}
	if whole, ok := divided(values, divisor); ok {
		return whole, nil
	}
	return squeezed(values), nil
}

// divided is exact and within what Envoy takes, or it is not ok.
func divided(values []*big.Int, by *big.Int) ([]int64, bool) {
	sum, rest := new(big.Int), new(big.Int)
	whole := make([]int64, 0, len(values))
	for _, n := range values {
		quotient := new(big.Int)
		if quotient.QuoRem(n, by, rest); rest.Sign() != 0 {
			return nil, false
		}
		if sum.Add(sum, quotient).Cmp(largestSum) > 0 {
			return nil, false
		}
		whole = append(whole, quotient.Int64())
	}
	return whole, true
}

// squeezed is for ratios that are too far apart for whole numbers of 32 bits:
// the nearest that fit. What is not zero stays so.
func squeezed(values []*big.Int) []int64 {
	sum := new(big.Int)
	for _, n := range values {
		sum.Add(sum, n)
	}
	room := new(big.Int).Sub(largestSum, big.NewInt(int64(len(values))))
	whole := make([]int64, 0, len(values))
	for _, n := range values {
		share := new(big.Int).Mul(n, room)
		share.Quo(share, sum)
		if share.Sign() == 0 && n.Sign() > 0 {
			share.SetInt64(1)
		}
		whole = append(whole, share.Int64())
	}
	return whole
}
