package xds

import (
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// maxWaiting bounds the responses of a type that a proxy has not answered. Those
// to questions wait for no window; a proxy that asks and never answers is cut off.
const maxWaiting = 1024

// A stream that costs more than a proxy may is ended with one of these. The
// proxy connects anew; what others get is not touched by it.
var (
	errSlow       = status.Error(codes.DeadlineExceeded, "the proxy did not take a response in time")
	errUnanswered = status.Errorf(codes.ResourceExhausted, "more than %d responses without an answer", maxWaiting)
	errNames      = status.Errorf(codes.ResourceExhausted, "more than %d names in one stream, or %d bytes of them", maxNames, maxNameBytes)
	errRequest    = status.Errorf(codes.ResourceExhausted, "a request of more than %d bytes", maxRequest)
	errReplaced   = status.Error(codes.Aborted, "newer streams of this pod took this one's place")
	errStranger   = status.Error(codes.ResourceExhausted, "too many connections and tokens from this address have proven nothing: wait")
	errTooOften   = status.Error(codes.ResourceExhausted, "this pod connects too often: wait a second")
)

// endings are the reasons as the metrics have them.
var endings = map[error]string{
	errSlow: "slow", errUnanswered: "unanswered", errNames: "names", errRequest: "request", errReplaced: "replaced", errTooOften: "rate",
}

// ended counts the end of a stream where the proxy's conduct was the reason.
func (m *metrics) ended(err error) {
	for is, reason := range endings {
		if errors.Is(err, is) {
			m.cut.WithLabelValues(reason).Inc()
			return
		}
	}
}
