package record_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/weft-mesh/weft/test/bench/record"
)

func TestFileHoldsAllRowsAfterEach(t *testing.T) {
	var echo bytes.Buffer
	f := record.File{Path: filepath.Join(t.TempDir(), "new", "proxy.json"), Echo: &echo}
	for n := 1; n <= 3; n++ {
		if err := f.Add(record.Row{"event": "start", "ms": float64(n)}); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		var rows []record.Row
		if err := json.Unmarshal(text, &rows); err != nil || len(rows) != n || rows[n-1]["ms"] != float64(n) {
			t.Errorf("after %d: %s %v", n, text, err)
		}
		if got := bytes.Count(echo.Bytes(), []byte("\n")); got != n {
			t.Errorf("after %d: %d lines were printed", n, got)
		}
	}
}

func TestQuantile(t *testing.T) {
	of := []float64{4, 1, 3, 2}
	for share, want := range map[float64]float64{0: 1, 0.5: 2, 0.99: 4, 0.01: 1, 1: 4} {
		if got := record.Quantile(of, share); got != want {
			t.Errorf("quantile %v is %v, want %v", share, got, want)
		}
	}
	if record.Quantile([]time.Duration(nil), 0.5) != 0 {
		t.Error("nothing has a median")
	}
}
