package identity

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Register publishes until when the CA is valid. Without a CA it is 0.
func (a *Authority) Register(r prometheus.Registerer) error {
	err := r.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "weft", Subsystem: "ca", Name: "expiry_timestamp_seconds", Help: "When the CA's certificate expires, in seconds since 1970; 0 while there is no CA.",
	}, func() float64 {
		ca := a.CA()
		if ca == nil {
			return 0
		}
		return float64(ca.NotAfter().Unix())
	}))
	if err != nil {
		return fmt.Errorf("register the CA's metrics: %w", err)
	}
	return nil
}
