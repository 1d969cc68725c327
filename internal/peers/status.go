package peers

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/weft-mesh/weft/internal/engine"
	"github.com/weft-mesh/weft/translators/model"
)

// Path is where a replica answers.
const Path = "/v1/status"

// maxRefs bounds one question, maxBody its bytes.
const (
	maxRefs = 10_000
	maxBody = 4 << 20
)

// answer is how far the proxies of one replica have come with one object.
type answer struct {
	// Fragment is a hash of what the replica holds of the object. Two replicas
	// speak of the same thing only where it is equal.
	Fragment string   `json:"fragment"`
	Needed   int      `json:"needed"`
	Acked    int      `json:"acked"`
	Rejected []string `json:"rejected,omitempty"`
}

// Source answers for the proxies of this replica; *engine.Engine is one.
type Source interface {
	Status(r model.Ref) engine.Status
}

func answerOf(s engine.Status) answer {
	return answer{Fragment: fingerprint(s.Fragment), Needed: s.Needed, Acked: s.Acked, Rejected: s.Rejected}
}

func fingerprint(f model.Fragment) string {
	if f == nil {
		return ""
	}
	b, err := json.Marshal(f)
	if err != nil {
		return "" // no fragment holds what JSON can't
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
