package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/weft-mesh/weft/test/cluster"
)

// namespace is where the shop stands. Only one with this label is of the samples, and may be replaced.
const (
	namespace  = "shop"
	ownerLabel = "app.kubernetes.io/part-of"
	owner      = "weft-samples"
)

// stage plays the steps in a cluster.
type stage struct {
	cluster  *cluster.Cluster
	samples  string
	requests int
	out      *table
	shop     *shop
}

// close ends the connections into the cluster.
func (s *stage) close() {
	if s.shop != nil {
		s.shop.close()
	}
}

// prepare waits for weft and removes the shop of an earlier run.
func (s *stage) prepare(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.cluster.WaitRollouts(ctx, cluster.System); err != nil {
		return fmt.Errorf("is weft installed? %w", err)
	}
	old, err := s.cluster.Get(ctx, "v1", "Namespace", "", namespace)
	switch {
	case cluster.Gone(err):
	case err != nil:
		return fmt.Errorf("look for the namespace %s: %w", namespace, err)
	case old.GetLabels()[ownerLabel] != owner:
		return fmt.Errorf("the cluster has a namespace %s that is not of config/samples; the demo needs that name", namespace)
	default:
		if _, err := kubectl(ctx, "delete", "namespace", namespace); err != nil {
			return err
		}
	}
	s.out.head()
	return nil
}

// play makes a step's change and measures; it tells whether all figures are right.
func (s *stage) play(ctx context.Context, number int, p step) (bool, error) {
	s.out.step(number, p.title)
	right := true
	if p.during == nil {
		if err := s.change(ctx, p); err != nil {
			return false, err
		}
	} else {
		got, err := s.shop.measureDuring(ctx, *p.during, s.requests, func() error { return s.change(ctx, p) })
		if err != nil {
			return false, err
		}
		right = s.show(*p.during, got, ", meanwhile")
	}
	for _, l := range p.lines {
		got, err := s.shop.measure(ctx, l, s.requests)
		if err != nil {
			return false, err
		}
		right = s.show(l, got, "") && right
	}
	return right, nil
}

// show shows what became of a line's requests, and tells whether that is right.
func (s *stage) show(l line, got measured, when string) bool {
	verdicts := judge(l.want, got.counts)
	s.out.line(l.who.name, l.what.text+when, verdicts)
	s.out.note(got.problem)
	return allRight(verdicts)
}

// change applies a step's sample and waits until it is in force.
func (s *stage) change(ctx context.Context, p step) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	file := filepath.Join(s.samples, p.sample)
	output, err := kubectl(ctx, "apply", "-f", file)
	if err != nil {
		return err
	}
	s.out.ran("kubectl apply -f "+file, applied(output))
	if s.shop == nil {
		return s.open(ctx)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return s.cluster.WaitProgrammed(ctx, namespace, string(text))
}

// open waits until the shop runs, opens its doors, and waits until they lead to the catalog.
func (s *stage) open(ctx context.Context) (err error) {
	if err := s.cluster.WaitRollouts(ctx, namespace); err != nil {
		return err
	}
	if s.shop, err = openShop(ctx, s.cluster, front, thief); err != nil {
		return err
	}
	for _, who := range []caller{front, thief} {
		err := cluster.Wait(ctx, "the catalog to answer the "+who.name, func(ctx context.Context) error {
			got, err := s.shop.measure(ctx, line{who: who, what: getBooks}, connections)
			if n := got.counts["503"] + got.counts[noAnswer]; err == nil && n > 0 {
				return fmt.Errorf("%d of %d calls failed: %v %s", n, connections, got.counts, got.problem)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// finale shows the objects as kubectl does.
func (s *stage) finale(ctx context.Context) error {
	for _, kind := range []string{"trafficsplits", "traffictargets"} {
		args := []string{"get", kind, "-n", namespace}
		output, err := kubectl(ctx, args...)
		if err != nil {
			return err
		}
		s.out.objects("kubectl "+strings.Join(args, " "), output)
	}
	return nil
}
