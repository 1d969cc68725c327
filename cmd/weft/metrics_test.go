package main

import (
	"testing"
	"time"
)

func TestMetricsSettings(t *testing.T) {
	for name, test := range map[string]struct {
		settings metricsSettings
		err      string
	}{
		"right":              {metricsSettings{interval: 5 * time.Second, kept: time.Hour}, ""},
		"a certificate":      {metricsSettings{interval: 5 * time.Second, kept: time.Hour, certificate: "c", key: "k"}, ""},
		"too often":          {metricsSettings{interval: time.Millisecond}, "--interval: 1ms is not between 1s and 10s, the shortest window"},
		"too seldom":         {metricsSettings{interval: time.Minute}, "--interval: 1m0s is not between 1s and 10s, the shortest window"},
		"without its key":    {metricsSettings{interval: 5 * time.Second, kept: time.Hour, certificate: "c"}, "--tls-cert-file and --tls-private-key-file go together"},
		"without what it is": {metricsSettings{interval: 5 * time.Second, kept: time.Hour, key: "k"}, "--tls-cert-file and --tls-private-key-file go together"},
		"kept for too long":  {metricsSettings{interval: 5 * time.Second, kept: 2 * time.Hour}, "--query-history: 2h0m0s is not between 5m0s and 1h0m0s"},
		"not kept":           {metricsSettings{interval: 5 * time.Second}, "--query-history: 0s is not between 5m0s and 1h0m0s"},
		"a Secret":           {metricsSettings{interval: 5 * time.Second, kept: time.Hour, secret: "weft-system/serving"}, ""},
		"no Secret's name":   {metricsSettings{interval: 5 * time.Second, kept: time.Hour, secret: "serving"}, `--serving-secret: "serving" is not namespace/name`},
		"two certificates":   {metricsSettings{interval: 5 * time.Second, kept: time.Hour, secret: "a/b", certificate: "c", key: "k"}, "--serving-secret and --tls-cert-file exclude each other"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := text(test.settings.validate()); got != test.err {
				t.Errorf("error %q, want %q", got, test.err)
			}
		})
	}
}
