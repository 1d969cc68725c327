package compatibility

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/test/cluster"
	"github.com/weft-mesh/weft/test/compatibility/table"
)

// side is a namespace, in the mesh or outside of it.
type side struct {
	namespace string
	meshed    bool
	client    string // the client's pod
	server    string // the server's
}

func (s *side) String() string {
	if s.meshed {
		return "in the mesh"
	}
	return "without a mesh"
}

// world is both sides, and the families that the cluster has.
type world struct {
	sides    []*side // without a mesh, in the mesh
	families []family
}

// newWorld makes two namespaces with the same servers and clients.
func newWorld(ctx context.Context) *world {
	GinkgoHelper()
	Expect(mesh.WaitRollouts(ctx, cluster.System)).To(Succeed(), "is weft installed? kubectl apply -k config/default")
	w := &world{sides: []*side{{}, {meshed: true}}, families: clusterFamilies(ctx)}
	for _, s := range w.sides {
		s.create(ctx)
		Expect(mesh.Apply(ctx, s.namespace, workloads())).To(Succeed())
	}
	for _, s := range w.sides {
		Expect(mesh.WaitRollouts(ctx, s.namespace)).To(Succeed())
		s.expose(ctx, w.families)
	}
	return w
}

// clusterFamilies are those of which a Service can have an address.
func clusterFamilies(ctx context.Context) []family {
	GinkgoHelper()
	var own corev1.Service
	Expect(mesh.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: "kubernetes"}, &own)).To(Succeed())
	var all []family
	for _, f := range families {
		text := service("probe", "", "", f)
		if err := mesh.Apply(ctx, "default", text); err == nil {
			all = append(all, f)
			Expect(mesh.Delete(ctx, "default", text)).To(Succeed())
		}
	}
	Expect(all).NotTo(BeEmpty())
	return all
}

func (s *side) create(ctx context.Context) {
	GinkgoHelper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "compat-out-"}}
	if s.meshed {
		ns.GenerateName = "compat-in-"
		ns.Labels = map[string]string{"weft.mesh/inject": "enabled", "weft.mesh/access": "permissive"}
	}
	Expect(mesh.Client.Create(ctx, ns)).To(Succeed())
	s.namespace = ns.Name
	DeferCleanup(func(ctx context.Context) {
		Expect(client.IgnoreNotFound(mesh.Client.Delete(ctx, ns))).To(Succeed())
	})
}

// expose makes the Services, whose endpoints are partly pods' addresses that must be known.
func (s *side) expose(ctx context.Context, families []family) {
	GinkgoHelper()
	var err error
	s.client, err = mesh.ReadyPod(ctx, s.namespace, map[string]string{"app": "client"})
	Expect(err).NotTo(HaveOccurred())
	s.server, err = mesh.ReadyPod(ctx, s.namespace, map[string]string{"app": "app"})
	Expect(err).NotTo(HaveOccurred())
	for _, f := range families {
		Expect(mesh.Apply(ctx, s.namespace, services(f))).To(Succeed())
		Expect(mesh.Apply(ctx, s.namespace, slice(table.ServiceManual, s.address(ctx, "app", f), f))).To(Succeed())
		Expect(mesh.Apply(ctx, s.namespace, slice(table.ServiceLegacy, s.address(ctx, "plain", f), f))).To(Succeed())
		if s.meshed {
			Expect(mesh.Apply(ctx, s.namespace, split(f))).To(Succeed())
			Expect(mesh.WaitProgrammed(ctx, s.namespace, split(f))).To(Succeed())
		}
	}
}

// pod is a pod by its label app.
func (s *side) pod(ctx context.Context, app string) corev1.Pod {
	GinkgoHelper()
	var list corev1.PodList
	Expect(mesh.Client.List(ctx, &list, client.InNamespace(s.namespace), client.MatchingLabels{"app": app})).To(Succeed())
	Expect(list.Items).To(HaveLen(1))
	return list.Items[0]
}

// address is a pod's address of a family.
func (s *side) address(ctx context.Context, app string, f family) string {
	GinkgoHelper()
	for _, ip := range s.pod(ctx, app).Status.PodIPs {
		if (net.ParseIP(ip.IP).To4() != nil) == (f.name == "IPv4") {
			return ip.IP
		}
	}
	Fail(fmt.Sprintf("the pod of %s has no address of %s", app, f.name))
	return ""
}

// run has the client run the rows of a group (the server, those of what a pod asks itself) that have a pace and names,
// and returns what it saw by the row's name.
func (s *side) run(ctx context.Context, group table.Group, suffix, pace, rows string) (map[string]table.Result, error) {
	program := "/actor"
	if *image == "" {
		program = "/program/actor"
	}
	pod := s.client
	if group == table.Self {
		pod = s.server
	}
	out, err := mesh.Exec(ctx, s.namespace, pod, "actor", program, "run", "-group", string(group), "-suffix", suffix, "-pace", pace, "-only", rows)
	if err != nil {
		return nil, err
	}
	saw := map[string]table.Result{}
	for line := range strings.Lines(out) {
		var r table.Result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return nil, fmt.Errorf("the client in %s said %q: %w", s.namespace, line, err)
		}
		saw[r.Case] = r
	}
	return saw, nil
}

// chosen are the rows of a group that -only leaves.
func chosen(group table.Group) []table.Case {
	pattern := regexp.MustCompile(*only)
	var some []table.Case
	for _, c := range table.Select(table.All(), group) {
		if pattern.MatchString(c.Name) {
			some = append(some, c)
		}
	}
	return some
}
