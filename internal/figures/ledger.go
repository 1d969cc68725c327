package figures

import "github.com/weft-mesh/weft/translators/model"

// Figure is what a series counts.
type Figure uint8

// The figures of a sidecar.
const (
	Requests Figure = iota
	Durations
	Denials
	Connections
	BytesIn
	BytesOut
)

// Detail is what one series is of: more than a Row tells, and nothing of a pod.
type Detail struct {
	Figure       Figure
	Side         Side
	Own, Peer    Workload
	PeerIdentity string
	Service      model.Key
	Split        model.Key
	Backend      model.Key
	Port         uint16
	Protocol     model.Protocol
	// Code, GRPC and Flags are how it ended, empty where nothing was noted;
	// Failed is what that means.
	Code, GRPC, Flags string
	Failed            bool
}

// Ledger keeps sums of what sidecars count. All its methods may be called at
// once.
type Ledger interface {
	// Open gives the account of a series; nil where there is no room.
	Open(Detail) Account
}

// Account is the sum of one series over all pods of a workload.
type Account interface {
	// Count adds what was counted between two readings.
	Count(n uint64)
	// Durations adds those that ended between two readings.
	Durations(h *Histogram)
}

// detail is that of a series.
func detail(own Workload, k *peerKey, what class, how result) Detail {
	return Detail{
		Figure: what.figure(), Side: k.side, Own: own, Peer: k.peer, PeerIdentity: k.identity,
		Service: k.service, Split: k.split, Backend: k.backend, Port: k.port, Protocol: k.protocol,
		Code: how.code, GRPC: how.grpc, Flags: how.flags, Failed: what == failure || what == brokenConnection,
	}
}

func (w class) figure() Figure {
	switch w {
	case denied, deniedRoute, deniedCertificate:
		return Denials
	case connection, brokenConnection:
		return Connections
	case bytesIn:
		return BytesIn
	case bytesOut:
		return BytesOut
	case latency:
		return Durations
	default:
		return Requests
	}
}

// tell adds what a series counted between two readings to its account.
func (s *series) tell(now, before []uint64) {
	if s.class == latency {
		var h Histogram
		if h.since(now, before); h != (Histogram{}) {
			s.account.Durations(&h)
		}
		return
	}
	n := now[0]
	if before != nil {
		n -= before[0]
	}
	if n > 0 {
		s.account.Count(n)
	}
}
