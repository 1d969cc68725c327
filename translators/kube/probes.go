package kube

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/model"
)

// Bounds of what the annotation may say. A user can write it too, so it is
// believed no more than any other input.
const (
	mostProbes       = 256
	longestProbeText = 1024
	longestPeriod    = 24 * time.Hour
)

// probes reads the injector's annotation. Where it makes no sense there are no
// probes, and a diagnostic says so.
func probes(pod model.Ref, text string) ([]model.Probe, []model.Diagnostic) {
	if text == "" {
		return nil, nil
	}
	var found []model.Probe
	err := json.Unmarshal([]byte(text), &found)
	if err == nil {
		err = checkProbes(found)
	}
	if err != nil {
		field := "metadata.annotations[" + v1alpha1.AnnotationProbes + "]"
		message := fmt.Sprintf("%v; the sidecar answers no probe of this pod, remove the annotation and create the pod again", err)
		return nil, []model.Diagnostic{refusal(pod, field, message)}
	}
	slices.SortFunc(found, func(a, b model.Probe) int { return cmp.Compare(a.Path, b.Path) })
	if len(found) == 0 {
		return nil, nil
	}
	return found, nil
}

func checkProbes(found []model.Probe) error {
	if len(found) > mostProbes {
		return fmt.Errorf("there are %d probes, more than %d", len(found), mostProbes)
	}
	seen := map[string]bool{}
	for i, p := range found {
		if err := checkProbe(p); err != nil {
			return fmt.Errorf("probe %d: %w", i, err)
		}
		if seen[p.Path] {
			return fmt.Errorf("probe %d: path %q is that of another", i, p.Path)
		}
		seen[p.Path] = true
	}
	return nil
}

func checkProbe(p model.Probe) error {
	switch p.Kind {
	case model.ProbeHTTP, model.ProbeHTTPS, model.ProbeTCP, model.ProbeGRPC:
	default:
		return fmt.Errorf("kind %q is not http, https, tcp or grpc", p.Kind)
	}
	for _, text := range []string{p.Path, p.Target, p.Host, p.Service} {
		if len(text) > longestProbeText || strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c > '~' }) {
			return fmt.Errorf("%q is too long, or has a character that is not printable ASCII", text)
		}
	}
	switch {
	case !strings.HasPrefix(p.Path, "/"):
		return fmt.Errorf("path %q does not begin with /", p.Path)
	case p.Target != "" && !strings.HasPrefix(p.Target, "/"):
		return fmt.Errorf("target %q does not begin with /", p.Target)
	case p.Port == 0:
		return fmt.Errorf("there is no port")
	case p.Period <= 0 || p.Period > longestPeriod || p.Timeout <= 0 || p.Timeout > longestPeriod:
		return fmt.Errorf("period %v and timeout %v are not both between 0 and %v", p.Period, p.Timeout, longestPeriod)
	}
	return nil
}
