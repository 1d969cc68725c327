package peers

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/weft-mesh/weft/translators/model"
)

// Handler answers other replicas for this one.
func Handler(src Source) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+Path, func(w http.ResponseWriter, r *http.Request) {
		var refs []model.Ref
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&refs); err != nil {
			http.Error(w, fmt.Sprintf("body: want a JSON list of references: %v", err), http.StatusBadRequest)
			return
		}
		if len(refs) > maxRefs {
			http.Error(w, fmt.Sprintf("body: %d references, at most %d are answered", len(refs), maxRefs), http.StatusBadRequest)
			return
		}
		answers := make([]answer, len(refs))
		for i, ref := range refs {
			answers[i] = answerOf(src.Status(ref))
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answers) // the caller is gone: nothing to tell it
	})
	return mux
}
