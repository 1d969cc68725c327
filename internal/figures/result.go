package figures

import (
	"strings"

	"github.com/weft-mesh/weft/translators/envoy"
)

// result is how a request or connection ended, as its series' labels say.
type result struct {
	code, grpc, flags string
	// missing is what a denied one lacked.
	missing string
}

func (r *result) set(label, value string) bool {
	switch label {
	case envoy.LabelCode:
		r.code = value
	case envoy.LabelGRPC:
		r.grpc = value
	case envoy.LabelFlags:
		r.flags = value
	case envoy.LabelMissing:
		r.missing = value
	}
	return true
}

// class is what a series of a family counts, given how it ended.
func (r *result) class(of class) class {
	switch of {
	case request:
		if r.failed() {
			return failure
		}
		return success
	case connection:
		if r.has(notConnected) {
			return brokenConnection
		}
	case denied:
		switch r.missing {
		case envoy.MissingRoute:
			return deniedRoute
		case envoy.MissingCertificate:
			return deniedCertificate
		}
	}
	return of
}

// failed tells a request that the server, or the way to it, did not fulfil.
func (r *result) failed() bool {
	return len(r.code) != 3 || r.code[0] == '5' || serverFault[r.grpc] || r.has(resets)
}

func (r *result) has(flags map[string]bool) bool {
	for flag := range strings.SplitSeq(r.flags, ",") {
		if flags[flag] {
			return true
		}
	}
	return false
}

// serverFault are the gRPC statuses that are not the caller's doing: unknown,
// deadline exceeded, unimplemented, internal, unavailable, data loss.
var serverFault = map[string]bool{"2": true, "4": true, "12": true, "13": true, "14": true, "15": true}

// resets are the flags of an answer that broke off after its status was sent. A
// caller that leaves (DC) is none: that is how a stream without end is ended.
var resets = map[string]bool{"UC": true, "UR": true, "UT": true, "LR": true, "UPE": true, "SI": true}

// notConnected are the flags of a connection that reached nobody.
var notConnected = map[string]bool{"UF": true, "UH": true, "NC": true, "NR": true, "UO": true, "URX": true}
