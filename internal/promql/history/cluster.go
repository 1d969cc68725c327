package history

import (
	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/model"
)

// Cluster is what exists, as far as a Store goes by it.
type Cluster struct {
	// Targets are the pods whose workloads exist.
	Targets []figures.Target
	Splits  []*model.Split
}

// served is the series of success that each workload has from the first.
func served(own figures.Workload) figures.Detail {
	return figures.Detail{Figure: figures.Requests, Side: figures.Server, Own: own, Protocol: model.ProtocolHTTP, Code: "200"}
}

// sent is that of each backend of a split, of no caller.
func sent(s *model.Split, backend model.Key) figures.Detail {
	return figures.Detail{
		Figure: figures.Requests, Side: figures.Client, Service: s.Root, Split: s.Key, Backend: backend,
		Protocol: model.ProtocolHTTP, Code: "200",
	}
}

// series are those that there are without anything counted: a question for the
// share of success has no answer where there is no series of success.
func (c *Cluster) series() map[figures.Detail]bool {
	all := make(map[figures.Detail]bool, len(c.Targets)/2)
	for _, t := range c.Targets {
		all[served(t.Own)] = true
	}
	for _, s := range c.Splits {
		for _, b := range s.Backends {
			all[sent(s, b.Service)] = true
		}
	}
	return all
}

// exist takes in what there is at a tick.
func (s *Store) exist(c Cluster, now tick) {
	there := make(map[figures.Workload]bool, len(s.since))
	for _, t := range c.Targets {
		there[t.Own] = true
	}
	follow(s.since, there, now)
	always := c.series()
	follow(s.first, always, now)
	for d := range always {
		if _, err := s.find(d); err != nil {
			s.o.Log.V(1).Info("no series of success", "of", d, "error", err)
		}
	}
}

// follow notes since when each is there.
func follow[K comparable](since map[K]tick, there map[K]bool, now tick) {
	for k := range since {
		if !there[k] {
			delete(since, k)
		}
	}
	for k := range there {
		if _, ok := since[k]; !ok {
			since[k] = now
		}
	}
}

// exists tells since when what a series is of has existed.
func (s *Store) exists(x *Series) (tick, bool) {
	if from, ok := s.since[x.detail.Own]; ok {
		return from, true
	}
	from, ok := s.first[x.detail]
	return from, ok
}
