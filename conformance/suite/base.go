package suite

import (
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/weft-mesh/weft/conformance/adapter"
)

// Names of the base fixtures.
const (
	manager   = "smi-conformance"
	binary    = "/smi-conformance"
	container = "actor"
	labelApp  = "app"
	// labelRole tells servers of a namespace, which the Service `web` selects, from clients.
	labelRole = "role"

	namespaceMain    = "smi-main"
	namespaceOpen    = "smi-open"
	namespaceOther   = "smi-other"
	namespaceOutside = "smi-outside"
)

//go:embed base/*.yaml
var baseFiles embed.FS

var baseTemplates = template.Must(template.New("").Funcs(template.FuncMap{"json": toJSON}).ParseFS(baseFiles, "base/*.yaml"))

func toJSON(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}

// workload is a Deployment of one pod, with an account of its name.
type workload struct {
	Name, Version string
	server        bool
}

// place is a namespace and what stands in it.
type place struct {
	name string
	// memberships say how it joins the mesh and what its default access is; the later win.
	memberships []adapter.Membership
	workloads   []workload
}

// places lists the namespaces that tests need.
func places(a adapter.Adapter, tests []Test) []place {
	open := func(t Test) bool { return t.OpenByDefault }
	shut := func(t Test) bool { return !t.OpenByDefault }
	servers := []workload{{"web-v1", "v1", true}, {"web-v2", "v2", true}, {"web-v3", "v3", true}}
	everybody := append(servers, workload{Name: "client-a"}, workload{Name: "client-b"})
	all := []place{
		{namespaceOther, []adapter.Membership{a.Mesh.Join, a.Access.Deny}, []workload{servers[0], {Name: "client-a"}, {Name: "client-c"}}},
		{namespaceOutside, []adapter.Membership{a.Mesh.Outside}, []workload{servers[0], {Name: "client-a"}}},
	}
	if slices.ContainsFunc(tests, shut) {
		all = append(all, place{namespaceMain, []adapter.Membership{a.Mesh.Join, a.Access.Deny}, everybody})
	}
	if slices.ContainsFunc(tests, open) {
		all = append(all, place{namespaceOpen, []adapter.Membership{a.Mesh.Join, a.Access.Allow}, everybody})
	}
	return all
}

// servers lists those that stand in places.
func servers(all []place) []Actor {
	var found []Actor
	for _, p := range all {
		for _, w := range p.workloads {
			if w.server {
				found = append(found, Actor{p.name, w.Name})
			}
		}
	}
	return found
}

// manifests are the objects of a place: first the namespace's own, then what stands in it.
func (p place) manifests(a adapter.Adapter) (namespace []string, inside []string, err error) {
	own, _ := p.metadata()
	for _, m := range p.memberships {
		text, err := m.Objects(p.name)
		if err != nil {
			return nil, nil, err
		}
		inside = append(inside, text)
	}
	fill := func(into *[]string, file string, data map[string]any) {
		text, e := fillIn(file, data)
		err = cmp.Or(err, e)
		*into = append(*into, text)
	}
	labels := merge(own, adapter.Metadata{Labels: map[string]string{"app.kubernetes.io/managed-by": manager}})
	fill(&namespace, "namespace.yaml", map[string]any{"Namespace": p.name, "NamespaceLabels": labels.Labels, "NamespaceAnnotations": own.Annotations})
	for _, w := range p.workloads {
		template, e := p.podTemplate(a, w, podOptions{w.Name, w.role(), corev1.RestartPolicyAlways})
		err = cmp.Or(err, e)
		fill(&inside, "workload.yaml", map[string]any{"Name": w.Name, "Template": template})
		if w.server {
			fill(&inside, "service.yaml", map[string]any{"Name": w.Name, "Selector": map[string]string{labelApp: w.Name}, "Ports": ports(a.Ports)})
		}
	}
	if p.workloads[0].server {
		fill(&inside, "service.yaml", map[string]any{"Name": "web", "Selector": map[string]string{labelRole: "server"}, "Ports": ports(a.Ports)})
	}
	return namespace, inside, err
}

// metadata is what the place and its pods are created with.
func (p place) metadata() (own, pods adapter.Metadata) {
	for _, m := range p.memberships {
		own, pods = merge(own, m.Namespace), merge(pods, m.Pod)
	}
	return own, pods
}

// podOptions are what pods of one workload may have different from those of others.
type podOptions struct {
	account, role string
	restart       corev1.RestartPolicy
}

// podTemplate is that of a workload in this place, as JSON, which is YAML of one line.
func (p place) podTemplate(a adapter.Adapter, w workload, o podOptions) (string, error) {
	_, pods := p.metadata()
	meta := merge(pods, adapter.Metadata{Labels: map[string]string{labelApp: w.Name, labelRole: o.role, "version": w.Version}})
	text, err := fillIn("pod.yaml", map[string]any{
		"Name": w.Name, "Version": w.Version, "Account": o.account, "Restart": o.restart, "Image": a.Actors.Image, "PullPolicy": a.Actors.PullPolicy,
		"PodLabels": meta.Labels, "PodAnnotations": meta.Annotations,
	})
	if err != nil {
		return "", err
	}
	template, err := yaml.YAMLToJSON([]byte(text))
	return string(template), err
}

func fillIn(file string, data map[string]any) (string, error) {
	var b strings.Builder
	err := baseTemplates.ExecuteTemplate(&b, file, data)
	return b.String(), err
}

func (w workload) role() string {
	if w.server {
		return "server"
	}
	return "client"
}

func merge(a, b adapter.Metadata) adapter.Metadata {
	out := adapter.Metadata{Labels: map[string]string{}, Annotations: map[string]string{}}
	maps.Copy(out.Labels, a.Labels)
	maps.Copy(out.Labels, b.Labels)
	maps.Copy(out.Annotations, a.Annotations)
	maps.Copy(out.Annotations, b.Annotations)
	return out
}

// ports are those of every Service of the base.
func ports(hints adapter.Ports) []corev1.ServicePort {
	port := func(hint adapter.Port, further string, protocol corev1.Protocol, number, target int32) corev1.ServicePort {
		p := corev1.ServicePort{Name: hint.Name + further, Protocol: protocol, Port: number, TargetPort: intstr.FromInt32(target)}
		if hint.AppProtocol != "" {
			p.AppProtocol = &hint.AppProtocol
		}
		return p
	}
	tcp, udp := corev1.ProtocolTCP, corev1.ProtocolUDP
	return []corev1.ServicePort{
		port(hints.HTTP, "", tcp, PortWeb, PortHTTP),
		port(hints.HTTP, "-a", tcp, PortHTTP, PortHTTP),
		port(hints.HTTP, "-b", tcp, PortHTTPB, PortHTTPB),
		port(hints.HTTP2, "", tcp, PortHTTP2, PortHTTP2),
		port(hints.GRPC, "", tcp, PortGRPC, PortGRPC),
		port(hints.TCP, "", tcp, PortTCP, PortTCP),
		port(hints.TCP, "-b", tcp, PortTCPB, PortTCPB),
		port(hints.TCP, "-c", tcp, PortTCPC, PortTCPC),
		port(hints.UDP, "", udp, PortUDP, PortUDP),
		port(hints.UDP, "-b", udp, PortUDPB, PortUDPB),
		port(hints.UDP, "-c", udp, PortUDPC, PortUDPC),
	}
}

// setUp makes the places and waits until all that stands in them is ready.
func (c *cluster) setUp(ctx context.Context, a adapter.Adapter, all []place) error {
	for _, r := range a.Ready {
		if err := c.awaitReady(ctx, r); err != nil {
			return err
		}
	}
	if err := c.gone(ctx, all); err != nil {
		return err
	}
	for _, p := range all {
		namespace, inside, err := p.manifests(a)
		if err != nil {
			return fmt.Errorf("namespace %s: %w", p.name, err)
		}
		for _, text := range append(namespace, inside...) {
			objects, err := decode(text)
			if err != nil {
				return fmt.Errorf("namespace %s: %w", p.name, err)
			}
			for _, o := range objects {
				if err := c.put(ctx, o, p.name); err != nil {
					return err
				}
			}
		}
	}
	for _, p := range all {
		if err := poll(ctx, "the Deployments of "+p.name, func(ctx context.Context) error { return c.rolledOut(ctx, p.name) }); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) rolledOut(ctx context.Context, namespace string) error {
	list, err := c.kube.AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, d := range list.Items {
		if !complete(d) {
			return fmt.Errorf("%s has %d pods available and %d in all", d.Name, d.Status.AvailableReplicas, d.Status.Replicas)
		}
	}
	return nil
}

func complete(d appsv1.Deployment) bool {
	s := d.Status
	return s.ObservedGeneration >= d.Generation && s.UpdatedReplicas == 1 && s.AvailableReplicas == 1 && s.Replicas == 1
}

// gone waits until namespaces of an earlier run that are being deleted are gone.
func (c *cluster) gone(ctx context.Context, all []place) error {
	for _, p := range all {
		err := poll(ctx, "namespace "+p.name+" to be deleted", func(ctx context.Context) error {
			ns, err := c.kube.CoreV1().Namespaces().Get(ctx, p.name, metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				return nil
			}
			if err == nil && ns.DeletionTimestamp != nil {
				err = errors.New("it is still there")
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tearDown deletes the namespaces. It does not wait until they are gone.
func (c *cluster) tearDown(ctx context.Context, all []place) error {
	for _, p := range all {
		err := c.kube.CoreV1().Namespaces().Delete(ctx, p.name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("delete namespace %s: %w", p.name, err)
		}
	}
	return nil
}
