package record

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Row is one figure with what it is of.
type Row map[string]any

// File is the rows of a run: those it holds, and where they go.
type File struct {
	// Path is the file, replaced as a whole at each row.
	Path string
	// Echo gets each row on a line of its own.
	Echo io.Writer
	rows []Row
}

// Add writes a row after those that are there.
func (f *File) Add(r Row) error {
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode a figure: %w", err)
	}
	if _, err := fmt.Fprintf(f.Echo, "%s\n", line); err != nil {
		return fmt.Errorf("print a figure: %w", err)
	}
	f.rows = append(f.rows, r)
	text, err := json.MarshalIndent(f.rows, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the figures: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	if err := os.WriteFile(f.Path, append(text, '\n'), 0o644); err != nil { //nolint:gosec // figures are for everybody
		return fmt.Errorf("write the figures: %w", err)
	}
	return nil
}

// Quantile is the smallest value that at least that share does not exceed;
// zero of none.
func Quantile[T float64 | time.Duration](of []T, share float64) T {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	rank := int(math.Ceil(share * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Milliseconds are of a duration, to 10 µs.
func Milliseconds(d time.Duration) float64 { return Round(float64(d.Nanoseconds()) / 1e6) }

// Round keeps two decimals.
func Round(f float64) float64 { return math.Round(f*100) / 100 }
