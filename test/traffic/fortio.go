package traffic

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Load is what a run of `fortio load -json -` measured.
type Load struct {
	// Codes holds the number of calls by status: of HTTP ("-1" is a connection that broke), of gRPC, or "OK" of TCP.
	Codes map[string]int64 `json:"RetCodes"`
	// QPS is the rate that was reached.
	QPS       float64 `json:"ActualQPS"`
	Histogram struct {
		Count       int64
		Avg         float64
		Percentiles []struct{ Percentile, Value float64 }
	} `json:"DurationHistogram"`
}

// ParseLoad reads what fortio wrote.
func ParseLoad(text string) (Load, error) {
	var load Load
	if err := json.Unmarshal([]byte(text), &load); err != nil {
		return Load{}, fmt.Errorf("decode fortio's figures: %w", err)
	}
	return load, nil
}

// Total is the number of calls.
func (l Load) Total() int64 {
	var total int64
	for _, n := range l.Codes {
		total += n
	}
	return total
}

// Failed is the number of calls whose status is none of those named.
func (l Load) Failed(good ...string) int64 {
	var failed int64
	for code, n := range l.Codes {
		if !slices.Contains(good, code) {
			failed += n
		}
	}
	return failed
}

func (l Load) String() string {
	codes := make([]string, 0, len(l.Codes))
	for code, n := range l.Codes {
		codes = append(codes, fmt.Sprintf("%s: %d", code, n))
	}
	slices.Sort(codes)
	text := fmt.Sprintf("%d calls at %.0f/s (%s)", l.Total(), l.QPS, strings.Join(codes, ", "))
	for _, p := range l.Histogram.Percentiles {
		if p.Percentile == 50 || p.Percentile == 99 {
			text += fmt.Sprintf(", p%.0f %.2f ms", p.Percentile, p.Value*1000)
		}
	}
	return text
}
