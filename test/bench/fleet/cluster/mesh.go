package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"

	"golang.org/x/sync/errgroup"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// Namespace is that of the mesh.
	Namespace = "shop"
	system    = "weft-system"
	// Classes are the ServiceAccounts that the proxies share.
	Classes = 10
	// spare Services have no TrafficTarget until one is added.
	spare = 1
	// Changing is how many Services have a second pod, that Slice can add.
	Changing = 1000
	// spareAddress is where the addresses of second pods begin.
	spareAddress = 1 << 15
	// writers is how many objects are written at a time.
	writers = 32
)

// Mesh is an enforcing mesh: Services with a pod, a ServiceAccount and a
// TrafficTarget each, and clients that may call them all.
type Mesh struct {
	client.Client
	kube     *kubernetes.Clientset
	services int
	proxies  int
	// Tokens are those of the proxies, one each.
	Tokens []string
}

// NewMesh is a mesh that is not there yet.
func NewMesh(config *rest.Config, services, proxies int) (*Mesh, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1
	c, err := client.New(config, client.Options{})
	if err != nil {
		return nil, err
	}
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &Mesh{Client: c, kube: kube, services: services, proxies: proxies, Tokens: make([]string, proxies)}, nil
}

// Write writes the whole mesh.
func (m *Mesh) Write(ctx context.Context) error {
	for _, name := range []string{Namespace, system} {
		if err := m.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return err
		}
	}
	for i := range Classes {
		if err := m.Create(ctx, &corev1.ServiceAccount{ObjectMeta: meta(account(i))}); err != nil {
			return err
		}
	}
	if err := m.Create(ctx, routes()); err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(writers)
	for i := range m.services + spare {
		all.Go(func() error { return m.createService(ctx, i) })
	}
	for i := range m.proxies {
		all.Go(func() error { return m.createProxy(ctx, i) })
	}
	if err := all.Wait(); err != nil {
		return fmt.Errorf("create the mesh: %w", err)
	}
	return m.Create(context.WithoutCancel(ctx), Split(1))
}

func (m *Mesh) createService(ctx context.Context, i int) error {
	if err := m.Create(ctx, service(i)); err != nil {
		return err
	}
	if err := m.createPod(ctx, ServiceName(i), ServiceName(i), serverAddress(i)); err != nil {
		return err
	}
	if i < Changing {
		if err := m.createPod(ctx, more(i), ServiceName(i), serverAddress(spareAddress+i)); err != nil {
			return err
		}
	}
	if err := m.Create(ctx, Slice(i, false)); err != nil {
		return err
	}
	if i >= m.services {
		return nil
	}
	return m.Create(ctx, Target(i))
}

// createProxy makes a pod whose sidecar is simulated, and its token.
func (m *Mesh) createProxy(ctx context.Context, i int) error {
	name, account := fmt.Sprintf("proxy-%d", i), account(i%Classes)
	if err := m.createPod(ctx, name, account, proxyAddress(i)); err != nil {
		return err
	}
	pod := &corev1.Pod{}
	if err := m.Get(ctx, client.ObjectKey{Namespace: Namespace, Name: name}, pod); err != nil {
		return err
	}
	review, err := m.kube.CoreV1().ServiceAccounts(Namespace).CreateToken(ctx, account, &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		Audiences: []string{"weft"}, ExpirationSeconds: ptr.To(int64(7200)),
		BoundObjectRef: &authenticationv1.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: name, UID: pod.UID},
	}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	m.Tokens[i] = review.Status.Token
	return nil
}

func (m *Mesh) createPod(ctx context.Context, name, account string, ip netip.Addr) error {
	pod := &corev1.Pod{
		ObjectMeta: meta(name),
		Spec: corev1.PodSpec{
			ServiceAccountName: account,
			InitContainers:     []corev1.Container{{Name: "weft-proxy", Image: "envoy"}},
			Containers:         []corev1.Container{{Name: "app", Image: "app"}},
		},
	}
	if err := m.Create(ctx, pod); err != nil {
		return err
	}
	pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, PodIP: ip.String(), PodIPs: []corev1.PodIP{{IP: ip.String()}}}
	return m.Status().Update(ctx, pod)
}

func meta(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: Namespace, Name: name} }

func account(i int) string { return fmt.Sprintf("client-%d", i) }

func ServiceName(i int) string { return fmt.Sprintf("service-%05d", i) }

// more is the second pod of a Service.
func more(i int) string { return ServiceName(i) + "-more" }

// The addresses are of the network that is reserved for measurements, and of
// the API server's Services.
func proxyAddress(i int) netip.Addr { return netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}) }

func serverAddress(i int) netip.Addr { return netip.AddrFrom4([4]byte{198, 19, byte(i >> 8), byte(i)}) }

func ServiceAddress(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 100, byte(i >> 8), byte(i)})
}

const serviceCIDR = "10.96.0.0/12"

func service(i int) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: meta(ServiceName(i)),
		Spec: corev1.ServiceSpec{
			ClusterIP: ServiceAddress(i).String(), Ports: []corev1.ServicePort{{Name: "http", Port: 80, AppProtocol: ptr.To("http")}},
		},
	}
}

// Slice has the Service's pod, and its second one.
func Slice(i int, second bool) *discoveryv1.EndpointSlice {
	endpoint := func(pod string, at netip.Addr) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{
			Addresses: []string{at.String()}, Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(true)},
			TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: Namespace, Name: pod},
		}
	}
	s := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Namespace: Namespace, Name: ServiceName(i) + "-a", Labels: map[string]string{discoveryv1.LabelServiceName: ServiceName(i)}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{endpoint(ServiceName(i), serverAddress(i))},
		Ports:       []discoveryv1.EndpointPort{{Name: ptr.To("http"), Port: ptr.To(int32(8080)), Protocol: ptr.To(corev1.ProtocolTCP)}},
	}
	if second {
		s.Endpoints = append(s.Endpoints, endpoint(more(i), serverAddress(spareAddress+i)))
	}
	return s
}

func object(version, kind, name string, spec map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetAPIVersion(version)
	u.SetKind(kind)
	u.SetNamespace(Namespace)
	u.SetName(name)
	return u
}

func routes() *unstructured.Unstructured {
	return object("specs.smi-spec.io/v1alpha4", "HTTPRouteGroup", "all", map[string]any{
		"matches": []any{map[string]any{"name": "all", "pathRegex": "/.*", "methods": []any{"*"}}},
	})
}

// Target lets all clients call a Service.
func Target(i int) *unstructured.Unstructured {
	var sources []any
	for c := range Classes {
		sources = append(sources, map[string]any{"kind": "ServiceAccount", "name": account(c), "namespace": Namespace})
	}
	return object("access.smi-spec.io/v1alpha3", "TrafficTarget", ServiceName(i), map[string]any{
		"destination": map[string]any{"kind": "ServiceAccount", "name": ServiceName(i), "namespace": Namespace},
		"sources":     sources,
		"rules":       []any{map[string]any{"kind": "HTTPRouteGroup", "name": "all", "matches": []any{"all"}}},
	})
}

// Split shares what is sent to one Service between two others.
func Split(weight int64) *unstructured.Unstructured {
	return object("split.smi-spec.io/v1alpha4", "TrafficSplit", "split", map[string]any{
		"service": ServiceName(1),
		"backends": []any{
			map[string]any{"service": ServiceName(2), "weight": weight}, map[string]any{"service": ServiceName(3), "weight": int64(1)},
		},
	})
}

// Put writes an object over the one that is there.
func (m *Mesh) Put(ctx context.Context, o client.Object) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return m.Patch(ctx, o, client.RawPatch(types.MergePatchType, text))
}

// Touch changes of a Service's pod what concerns no traffic.
func (m *Mesh) Touch(ctx context.Context, i, value int) error {
	pod := &corev1.Pod{ObjectMeta: meta(ServiceName(i))}
	return m.Patch(ctx, pod, client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"annotations":{"example.com/note":"%d"}}}`, value)))
}
