package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/weft-mesh/weft/test/bench/fleet/cluster"
	"github.com/weft-mesh/weft/test/bench/record"
)

// concerning is how many of the objects that are applied are of no concern for
// the fleet, for each one that is.
const concerning = 10

// apply applies many objects by one kubectl, and counts what each sidecar was
// sent for it.
func (b *bench) apply(ctx context.Context) error {
	file := filepath.Join(b.dir, "objects.json")
	every, err := b.writeObjects(file)
	if err != nil {
		return err
	}
	before, err := b.pushes()
	if err != nil {
		return err
	}
	if err := b.forgetPeak(); err != nil {
		return err
	}
	began := time.Now()
	kubectl := exec.CommandContext(ctx, filepath.Join(b.assets, "kubectl"), "--kubeconfig="+b.api.Kubeconfig, "apply", "--server-side", "-f", file) //nolint:gosec // of the same folder as the API server
	if text, err := kubectl.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, text[max(0, len(text)-1000):])
	}
	took := time.Since(began)
	// A last change, behind all others: when everybody has it, all is out.
	if _, err := b.change(ctx); err != nil {
		return err
	}
	after, err1 := b.pushes()
	peak, err2 := b.controller.Memory("VmHWM")
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	return b.add(row{
		"event": "kubectl-apply", "goal": "F3", "objects": b.objects, "objects_that_concern_all": every, "took_ms": record.Milliseconds(took),
		"pushes_per_proxy": (after-before)/float64(b.proxies) - 1, "peak_rss_bytes": peak,
	})
}

func (b *bench) pushes() (float64, error) { return b.controller.Metric("weft_xds_pushes_total") }

// writeObjects writes TrafficTargets of Services of their own for people who are
// not there, and for each tenth a TrafficSplit that all sidecars see.
func (b *bench) writeObjects(file string) (every int, err error) {
	var text bytes.Buffer
	for i := range b.objects {
		var o *unstructured.Unstructured
		if i%concerning == 0 && 4+i/concerning < b.services {
			o = cluster.Split(1)
			o.SetName(fmt.Sprint("split-", i))
			err = unstructured.SetNestedField(o.Object, cluster.ServiceName(4+i/concerning), "spec", "service")
			every++
		} else {
			o = cluster.Target(i % b.services)
			o.SetName(fmt.Sprint("target-", i))
			guest := map[string]any{"kind": "ServiceAccount", "name": fmt.Sprint("guest-", i), "namespace": cluster.Namespace}
			err = unstructured.SetNestedSlice(o.Object, []any{guest}, "spec", "sources")
		}
		if err != nil {
			return 0, err
		}
		line, err := json.Marshal(o)
		if err != nil {
			return 0, err
		}
		text.Write(append(line, '\n'))
	}
	return every, os.WriteFile(file, text.Bytes(), 0o600)
}
