package versions

import (
	"slices"
	"testing"
)

func TestWholeWeights(t *testing.T) {
	tests := map[string]struct {
		written []any
		want    []int64
	}{
		"milli":               {[]any{"10m", "100m", "1500m"}, []int64{1, 10, 150}},
		"mixed":               {[]any{"1", "500m", "1k", 0.5}, []int64{2, 1, 2000, 1}},
		"binary":              {[]any{"1Ki", int64(1024)}, []int64{1024, 1024}},
		"exponents":           {[]any{"1e3", "1E2"}, []int64{1000, 100}},
		"a fraction and none": {[]any{"0.1", "0m"}, []int64{1, 0}},
		"all zero":            {[]any{"0", "0m", int64(0)}, []int64{0, 0, 0}},
		"whole ones stay":     {[]any{int64(50), float64(50), "100"}, []int64{50, 50, 100}},
		"too large, common":   {[]any{"4G", "4G"}, []int64{1, 1}},
		"nothing":             {nil, []int64{}},
		"far apart":           {[]any{"1E", "1n"}, []int64{4294967292, 1}},
		"a dot alone":         {[]any{".5", "1."}, []int64{1, 2}},
	}
	for name, tc := range tests {
		got, err := wholeWeights(tc.written)
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, tc.want)
		}
	}
}

// TestQuantitiesThatAreNone (trap 3): each is an error, and none takes memory.
func TestQuantitiesThatAreNone(t *testing.T) {
	for _, written := range []any{"", "m", "1x", "-1", "-500m", int64(-1), -0.5, "1e999999999", 1e300, "0x10", " 1", nil, true, map[string]any{}, []any{}, "NaN", "12345678901234567890123"} {
		if err := CheckQuantity(written); err == nil {
			t.Errorf("%v is a quantity", written)
		}
	}
}
