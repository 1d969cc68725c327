package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/internal/promql"
	"github.com/weft-mesh/weft/internal/promql/history"
)

// metricsSettings are the flags of `weft metrics`.
type metricsSettings struct {
	memory              int64
	interval            time.Duration
	port                int
	certificate, key    string
	secret              string
	kubeconfig          string
	prometheus, healthy string
	query               string
	families            []string
	kept                time.Duration
}

func metricsCommand() *cobra.Command {
	var s metricsSettings
	logging := zap.Options{}
	cmd := &cobra.Command{
		Use:   "metrics",
		Short: "Serve figures of traffic as metrics.smi-spec.io (what the Deployment weft-metrics does)",
		Long: `Serve figures of traffic: read what the sidecars count, and answer the API server for
metrics.smi-spec.io. Every replica reads all sidecars and answers; none writes anything.
It reads KUBECONFIG, or the service account of its pod.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctrl.SetLogger(zap.New(zap.UseFlagOptions(&logging)))
			limitMemory(s.memory)
			if err := s.validate(); err != nil {
				return err
			}
			config, err := ctrl.GetConfig()
			if err != nil {
				return fmt.Errorf("find the cluster: %w", err)
			}
			return runMetrics(cmd.Context(), config, s)
		},
	}
	f := cmd.Flags()
	f.DurationVar(&s.interval, "interval", figures.DefaultInterval, "how often each sidecar is read")
	f.IntVar(&s.port, "secure-port", 8443, "port that the API server asks")
	f.StringVar(&s.certificate, "tls-cert-file", "", "file of the serving certificate; with none, one is made up that nobody can verify")
	f.StringVar(&s.key, "tls-private-key-file", "", "file of the certificate's key")
	f.StringVar(&s.secret, "serving-secret", "", "namespace/name of a Secret with the serving certificate, which is followed; until it is there, one is made up")
	f.StringVar(&s.kubeconfig, "authentication-kubeconfig", "", "kubeconfig to ask for callers' rights by; with none, the service account of its pod")
	f.StringVar(&s.prometheus, "metrics-address", ":8080", `address of Prometheus metrics; "0" for none`)
	f.StringVar(&s.healthy, "health-address", ":8081", "address of /healthz")
	f.StringVar(&s.query, "query-address", ":9090", `address of the query API of Prometheus, which asks nobody who they are; "0" for none`)
	f.StringSliceVar(&s.families, "query-families", promql.Families(), "whose names series have there")
	f.DurationVar(&s.kept, "query-history", history.MaxKept, "for how long what can be queried is kept, at most an hour")
	memoryFlag(f, &s.memory)
	f.BoolVar(&logging.Development, "development", false, "log for people rather than machines")
	return cmd
}

func (s metricsSettings) validate() error {
	if s.interval < time.Second || s.interval > figures.MinWindow {
		return fmt.Errorf("--interval: %s is not between 1s and %s, the shortest window", s.interval, figures.MinWindow)
	}
	if (s.certificate == "") != (s.key == "") {
		return errors.New("--tls-cert-file and --tls-private-key-file go together")
	}
	if s.kept < figures.MaxWindow || s.kept > history.MaxKept {
		return fmt.Errorf("--query-history: %s is not between %s and %s", s.kept, figures.MaxWindow, history.MaxKept)
	}
	if namespace, name, ok := strings.Cut(s.secret, "/"); s.secret != "" && (!ok || namespace == "" || name == "") {
		return fmt.Errorf("--serving-secret: %q is not namespace/name", s.secret)
	}
	if s.secret != "" && s.certificate != "" {
		return errors.New("--serving-secret and --tls-cert-file exclude each other")
	}
	return nil
}
