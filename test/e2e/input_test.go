package e2e

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/weft-mesh/weft/test/cluster"
	"github.com/weft-mesh/weft/test/traffic"
)

// wrong is an object that can't do what its author meant. It is refused at apply, or has a condition that is not
// True; either names what is wrong.
type wrong struct {
	name, text string
	// condition is the one that tells, if the object is stored.
	condition string
	// says is a part of what the user is told.
	says string
}

func splitOf(service, backends string, more ...string) string {
	text := `
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: {name: wrong}
spec:
  service: ` + service + `
  backends: ` + backends
	for _, line := range more {
		text += "\n  " + line
	}
	return text
}

func targetOf(sources, rules string) string {
	return `
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: {name: wrong}
spec:
  destination: {kind: ServiceAccount, name: web}
  sources: ` + sources + `
  rules: ` + rules
}

var wrongs = []wrong{
	{"split of a Service that is missing", splitOf("nowhere", "[{service: web-v1, weight: 1}]"), "ResolvedRefs", "nowhere"},
	{"split to a backend that is missing", splitOf("web-v2", "[{service: web-v1, weight: 1}, {service: nowhere, weight: 1}]"), "ResolvedRefs", "nowhere"},
	{"split without backends", splitOf("web-v2", "[]"), "Accepted", "backends"},
	{"split with a negative weight", splitOf("web-v2", "[{service: web-v1, weight: -1}]"), "Accepted", "weight"},
	{"split with a word for a weight", splitOf("web-v2", "[{service: web-v1, weight: half}]"), "Accepted", "weight"},
	{"second split of one root", splitOf("web", "[{service: web-v2, weight: 1}]"), "Accepted", "web"},
	{"split by a route group that is missing", splitOf("web-v2", "[{service: web-v1, weight: 1}]", "matches: [{kind: HTTPRouteGroup, name: nothing}]"), "ResolvedRefs", "nothing"},
	{"target without sources", targetOf("[]", "[{kind: HTTPRouteGroup, name: all}]"), "Accepted", "sources"},
	{"target without rules", targetOf("[{kind: ServiceAccount, name: client}]", "[]"), "Accepted", "rules"},
	{"target by a route group that is missing", targetOf("[{kind: ServiceAccount, name: client}]", "[{kind: HTTPRouteGroup, name: nothing}]"), "ResolvedRefs", "nothing"},
	{"target by a match that is missing", targetOf("[{kind: ServiceAccount, name: client}]", "[{kind: HTTPRouteGroup, name: all, matches: [nothing]}]"), "ResolvedRefs", "nothing"},
	{"target by a kind that is none", targetOf("[{kind: ServiceAccount, name: client}]", "[{kind: Banana, name: all}]"), "Accepted", "Banana"},
	{"path that is no regex", routes("wrong", `pathRegex: "/books("`), "Accepted", "pathRegex"},
	{"header that is no regex", routes("wrong", `headers: {x-a: "["}`), "Accepted", "headers"},
}

var _ = Describe("Wrong input", func() {
	// Trap 37.
	It("is answered with what to mend, and costs no other object's traffic anything", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.apply(ctx, web(), routes("all"), target("client", "client", "HTTPRouteGroup/all"))
		w.deploy(ctx, server("v1", 1), server("v2", 1), call("client"))
		w.program(ctx, target("client", "client", "HTTPRouteGroup/all"), split(1, 0))
		load := w.under(ctx, "client", steady(15*time.Second), func() {
			for _, bad := range wrongs {
				By(bad.name)
				w.tells(ctx, bad)
			}
		})
		flawless("wrong input", load)
		Expect(w.caller("client", doorWeb).Count(ctx, 50, traffic.Call{}, version)).To(Equal(traffic.Counts{"v1": 50}))
		Expect(w.message(ctx, split(1, 0), "Programmed")).To(HavePrefix("True "))
	}, SpecTimeout(4*time.Minute))
})

// tells creates a wrong object and asserts that its author learns what is wrong.
func (w world) tells(ctx SpecContext, bad wrong) {
	GinkgoHelper()
	objects, err := cluster.Decode(bad.text)
	Expect(err).NotTo(HaveOccurred())
	objects[0].SetNamespace(w.namespace)
	if err := mesh.Client.Create(ctx, objects[0]); err != nil {
		Expect(apierrors.IsInvalid(err) || apierrors.IsForbidden(err)).To(BeTrue(), "%s: %v", bad.name, err)
		Expect(err.Error()).To(ContainSubstring(bad.says), bad.name)
		return
	}
	Eventually(ctx, w.message).WithArguments(ctx, bad.text, bad.condition).
		Should(And(HavePrefix("False "), ContainSubstring(bad.says)), bad.name)
	w.remove(ctx, bad.text)
}
