package simulate

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

// FuzzYAMLToEnvoy: whatever a user applies, what is built of it passes
// validation, for every proxy; and whoever was not named by it goes on as
// before.
func FuzzYAMLToEnvoy(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(cases, "*", "in.yaml"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	fragments, _ := load(f, filepath.Join(cases, "bases", "shop.yaml"))
	f.Fuzz(func(t *testing.T, text []byte) {
		g := graph(append(slices.Clip(fragments), fragmentsOf(text)...))
		for _, frag := range fragments {
			p, ok := frag.(*model.Pod)
			if !ok || !p.Meshed {
				continue
			}
			if _, err := ResourcesOf(g, p.Key); err != nil {
				t.Fatalf("pod %s: %v", p.Key, err)
			}
		}
		for _, frag := range fragments {
			g.Diagnose(frag.Ref())
		}
	})
}

// fragmentsOf are those SMI objects of a text that mean anything.
func fragmentsOf(text []byte) []model.Fragment {
	var l loader
	for doc := range bytes.SplitSeq(text, []byte("\n---\n")) {
		_ = l.add(doc) // what can't be read is not there: the API server refuses it
	}
	return l.smiOnly()
}

// smiOnly leaves out Services and pods, which the API server checks.
func (l *loader) smiOnly() []model.Fragment {
	l.services, l.pods = nil, nil
	return l.fragments
}
