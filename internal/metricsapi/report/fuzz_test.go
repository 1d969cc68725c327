package report

import "testing"

// Whatever name is asked for, what is found exists and is in the namespace.
func FuzzOverviewOf(f *testing.F) {
	for _, name := range []string{"deployment.web", ".", "", "trafficsplit.split.web-v1", "rollout.canary", "node.n1", "ſ.web", "pods.web-1"} {
		f.Add(name)
	}
	q := question()
	f.Fuzz(func(t *testing.T, name string) {
		items, ok := q.OverviewOf(name)
		if ok != (len(items) > 0) {
			t.Errorf("%q: %t with %d items", name, ok, len(items))
		}
		for _, item := range items {
			if item.Namespace != "shop" || item.Resource.Name == "" || item.Resource.Kind == "" {
				t.Errorf("%q: %+v", name, item.Resource)
			}
		}
		q.Overview(name)
	})
}
