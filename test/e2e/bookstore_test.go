package e2e

import (
	"context"
	"embed"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/test/traffic"
)

//go:embed testdata/bookstore
var bookstoreFiles embed.FS

// bookstore is Open Service Mesh's demo, with its own names. Its Services say nothing of what their ports speak but
// mysql's: where OSM takes HTTP for granted the HTTPRouteGroups say it here.
type bookstore struct{ buyer, thief, store, warehouse world }

func (b bookstore) worlds() []world { return []world{b.buyer, b.thief, b.store, b.warehouse} }

// file is one of the demo's manifests.
func (bookstore) file(name string) string {
	GinkgoHelper()
	text, err := bookstoreFiles.ReadFile("testdata/bookstore/" + name)
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// openBookstore makes the demo's namespaces and its first applications.
func openBookstore(ctx context.Context) bookstore {
	GinkgoHelper()
	b := bookstore{existing("bookbuyer"), existing("bookthief"), existing("bookstore"), existing("bookwarehouse")}
	for _, w := range b.worlds() {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace, Labels: map[string]string{"weft.mesh/inject": "enabled"}}}
		Expect(mesh.Client.Create(ctx, ns)).To(Succeed())
		DeferCleanup(func() {
			ctx, cancel := cleanup()
			defer cancel()
			if CurrentSpecReport().Failed() {
				w.explain(ctx)
			}
			Expect(client.IgnoreNotFound(mesh.Client.Delete(ctx, ns))).To(Succeed())
		})
	}
	b.store.apply(ctx, b.file("apps.yaml"))
	for _, w := range b.worlds() {
		w.settled(ctx)
	}
	return b
}

func existing(namespace string) world { return world{namespace: namespace} }

// pod is the one pod of a label app.
func (w world) pod(ctx context.Context, app string) string {
	GinkgoHelper()
	var pods corev1.PodList
	Expect(mesh.Client.List(ctx, &pods, client.InNamespace(w.namespace), client.MatchingLabels{"app": app})).To(Succeed())
	Expect(pods.Items).NotTo(BeEmpty(), "%s in %s", app, w.namespace)
	return pods.Items[0].Name
}

var _ = Describe("OSM's bookstore, as its users have it", Serial, func() {
	const doorStore, doorWarehouse = 9001, 9002
	agent := map[string]string{"user-agent": "Go-http-client/1.1", "client-app": "bookbuyer"}
	bought, buy := traffic.Call{Path: "/books-bought", Headers: agent}, traffic.Call{Path: "/buy-a-book/new"}
	allowed, denied := traffic.Counts{"200": 5}, traffic.Counts{"403": 5}

	It("lets buy who may, and splits what is bought", func(ctx SpecContext) {
		b := openBookstore(ctx)
		calls := func(w world, app string, door int, c traffic.Call) func() traffic.Counts {
			caller := w.caller(w.pod(ctx, app), door)
			return func() traffic.Counts { return caller.Count(ctx, 5, c, status) }
		}
		become := func(c func() traffic.Counts, want traffic.Counts, why string) {
			GinkgoHelper()
			Eventually(ctx, c).Should(Equal(want), why)
		}
		program := func(file string) {
			GinkgoHelper()
			b.store.program(ctx, b.file(file))
		}
		By("denying all, before a policy is there")
		buyer, thief := calls(b.buyer, "bookbuyer", doorStore, buy), calls(b.thief, "bookthief", doorStore, buy)
		Expect(buyer()).NotTo(HaveKey("200"))
		Expect(thief()).NotTo(HaveKey("200"))

		By("letting the bookbuyer buy, and nobody else")
		program("access.yaml")
		become(buyer, allowed, "buy-a-book")
		become(calls(b.buyer, "bookbuyer", doorStore, bought), allowed, "books-bought")
		Expect(calls(b.buyer, "bookbuyer", doorStore, traffic.Call{Path: "/books-bought"})()).To(Equal(denied), "without its header")
		Expect(calls(b.buyer, "bookbuyer", doorStore, traffic.Call{Path: "/buy-a-book/new", Method: "POST"})()).To(Equal(denied))
		Expect(calls(b.buyer, "bookbuyer", doorStore, traffic.Call{Path: "/reset"})()).To(Equal(denied))
		Expect(thief()).To(Equal(denied))

		By("letting the bookstore restock, and the warehouse store it")
		become(calls(b.store, "bookstore", doorStore, traffic.Call{Path: "/", Method: "POST"}), allowed, "restock-books")
		Expect(calls(b.store, "bookstore", doorStore, traffic.Call{Path: "/"})()).To(Equal(denied))
		Expect(calls(b.buyer, "bookbuyer", doorWarehouse, traffic.Call{Path: "/", Method: "POST"})()).To(Equal(denied))
		stores := func(w world, app string) map[string]int64 {
			return w.load(ctx, w.pod(ctx, app), "-c", "1", "-n", "5", "-qps", "0", "tcp://mysql.bookwarehouse:3306").Codes
		}
		Eventually(ctx, func() map[string]int64 { return stores(b.warehouse, "bookwarehouse") }).Should(Equal(map[string]int64{"OK": 5}))
		Expect(stores(b.buyer, "bookbuyer")).NotTo(HaveKey("OK"), "the bookbuyer reached the database")

		By("letting the bookthief in, and out")
		program("access-bookthief.yaml")
		become(thief, allowed, "the bookthief is a source")
		program("access.yaml")
		become(thief, denied, "the bookthief is no source")

		By("splitting")
		b.store.apply(ctx, b.file("bookstore-v2.yaml"))
		b.store.settled(ctx)
		caller := b.buyer.caller(b.buyer.pod(ctx, "bookbuyer"), doorStore)
		count := func(n int) func() traffic.Counts {
			return func() traffic.Counts { return caller.Count(ctx, n, buy, version) }
		}
		Eventually(ctx, count(50)).Should(And(HaveLen(2), HaveKey("bookstore-v1"), HaveKey("bookstore-v2")), "both are behind the root")
		program("split-v1.yaml")
		Expect(count(100)()).To(Equal(traffic.Counts{"bookstore-v1": 100}))
		program("split-50-50.yaml")
		half := count(1000)()
		low, high := traffic.Interval(1000, 0.5, 0.001)
		report("50-50 of 1,000 books: %v; fair is %d to %d", half, low, high)
		Expect(half).To(HaveLen(2))
		Expect(half["bookstore-v1"]).To(And(BeNumerically(">=", low), BeNumerically("<=", high)))
		program("split-v2.yaml")
		Expect(count(100)()).To(Equal(traffic.Counts{"bookstore-v2": 100}))
	}, SpecTimeout(6*time.Minute))
})

// A port of which nothing is said is looked at where the namespace asks for it.
var _ = Describe("A port whose protocol is detected", func() {
	It("takes requests, and connections whoever speaks first", func(ctx SpecContext) {
		w := newWorld(ctx, "weft.mesh/access=permissive", "weft.mesh/default-protocol=detect")
		w.apply(ctx, account("web"), `
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: a, port: 80, targetPort: 8080}, {name: b, port: 8078}]
`)
		w.deploy(ctx, server("v1", 1), call("client"))
		Expect(w.caller("client", doorWeb).Count(ctx, 20, traffic.Call{}, version)).To(Equal(traffic.Counts{"v1": 20}))
		answer, err := w.caller("client", doorWeb).Do(ctx, traffic.Call{Path: "/debug"})
		Expect(err).NotTo(HaveOccurred())
		Expect(answer.Body).To(ContainSubstring("sa/client"), "a connection tells no identity")
		w.echoes(ctx, "client", doorEcho)
	}, SpecTimeout(2*time.Minute))
})
