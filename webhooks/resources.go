package webhooks

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/weft-mesh/weft/api/v1alpha1"
)

// rank is how near to the pod it was said how much a container gets; the nearest
// wins.
type rank int

const (
	byDefault rank = iota
	byMesh
	byNamespace
	byPod
)

// amount is how much of a resource a container requests, or may use at most.
type amount struct {
	// quantity is nil where there is none.
	quantity *resource.Quantity
	rank     rank
	// by is the annotation that says it.
	by string
}

// fixed tells an amount that an annotation says; others are fitted into what the
// namespace allows.
func (a amount) fixed() bool { return a.rank >= byNamespace }

// more tells whether a is more than q; none never is.
func (a amount) more(q *resource.Quantity) bool {
	return a.quantity != nil && q != nil && a.quantity.Cmp(*q) > 0
}

func (a *amount) put(q resource.Quantity) { a.quantity = &q }

// refusal names the annotation, its value and the mend.
func (a amount) refusal(mend string, args ...any) error {
	return annotationError(a.by, a.quantity.String(), fmt.Sprintf(mend, args...))
}

// claim is what a container asks for of one resource.
type claim struct {
	container string
	resource  corev1.ResourceName
	// annotation is the part that all its annotations have in common.
	annotation     string
	request, limit amount
}

// least are the limits under which nothing would start.
var least = map[corev1.ResourceName]resource.Quantity{
	corev1.ResourceCPU: resource.MustParse("1m"), corev1.ResourceMemory: resource.MustParse("64Mi"),
}

var example = map[corev1.ResourceName]string{corev1.ResourceCPU: "100m", corev1.ResourceMemory: "512Mi"}

// defaults are what an idle Envoy of 60 MB needs. There is no CPU limit: a
// throttled sidecar is a slow application.
func defaults() v1alpha1.Resources {
	return v1alpha1.Resources{
		Requests: corev1.ResourceList{
			corev1.ResourceCPU:    resource.MustParse("10m"),
			corev1.ResourceMemory: resource.MustParse("64Mi"),
		},
		Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("512Mi")},
	}
}

// sizes are the resources of weft-init and of weft-proxy. What nobody says of
// weft-init is as weft-proxy's: the two never run at once, so that costs nothing.
func sizes(pod *corev1.Pod, namespace Namespace, mesh v1alpha1.Sidecar) (init, proxy corev1.ResourceRequirements, err error) {
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		of := constraintOf(pod, namespace, name)
		p := claim{container: v1alpha1.ProxyContainer, resource: name, annotation: "weft.mesh/proxy-" + string(name)}
		p.take(defaults(), byDefault)
		if err := p.settle(pod, namespace, mesh.Proxy); err != nil {
			return init, proxy, err
		}
		i := claim{container: InitContainer, resource: name, annotation: "weft.mesh/init-" + string(name)}
		i.request.quantity, i.limit.quantity = p.request.quantity, p.limit.quantity
		if err := i.settle(pod, namespace, mesh.Init); err != nil {
			return init, proxy, err
		}
		for _, c := range []struct {
			claim claim
			to    *corev1.ResourceRequirements
		}{{p, &proxy}, {i, &init}} {
			if err := of.fit(&c.claim); err != nil {
				return init, proxy, err
			}
			set(&c.to.Requests, name, c.claim.request.quantity)
			set(&c.to.Limits, name, c.claim.limit.quantity)
		}
	}
	return init, proxy, nil
}

// take sets what r has.
func (c *claim) take(r v1alpha1.Resources, by rank) {
	if q, ok := r.Requests[c.resource]; ok {
		c.request = amount{quantity: &q, rank: by}
	}
	if q, ok := r.Limits[c.resource]; ok {
		c.limit = amount{quantity: &q, rank: by}
	}
}

// settle asks the mesh, the namespace and the pod.
func (c *claim) settle(pod *corev1.Pod, namespace Namespace, mesh v1alpha1.Resources) error {
	c.take(mesh, byMesh)
	if err := c.read(namespace.Annotations, byNamespace, " of the namespace"); err != nil {
		return err
	}
	if err := c.read(pod.Annotations, byPod, ""); err != nil {
		return err
	}
	if !c.request.more(c.limit.quantity) {
		return nil
	}
	switch {
	case c.request.rank > c.limit.rank:
		c.limit.quantity = c.request.quantity
	case c.request.rank == c.limit.rank && c.request.fixed():
		return c.request.refusal("it is more than the limit of %s that annotation %s says; lower the one or raise the other", c.limit.quantity, c.limit.by)
	default:
		c.request.quantity = c.limit.quantity
	}
	return nil
}

func (c *claim) read(annotations map[string]string, by rank, of string) error {
	for _, part := range []struct {
		kind string
		to   *amount
	}{{"request", &c.request}, {"limit", &c.limit}} {
		name := c.annotation + "-" + part.kind
		value, ok := annotations[name]
		for short, long := range shortForms {
			if long == name && !ok {
				if value, ok = annotations[short]; ok {
					name = short
				}
			}
		}
		if !ok {
			continue
		}
		smallest := resource.MustParse("1")
		if part.kind == "limit" || c.resource == corev1.ResourceCPU {
			smallest = least[c.resource]
		}
		q, err := resource.ParseQuantity(value)
		if err != nil || q.Cmp(smallest) < 0 {
			return annotationError(name+of, value, fmt.Sprintf("write a quantity of at least %s, as in %s", smallest.String(), example[c.resource]))
		}
		*part.to = amount{quantity: &q, rank: by, by: name + of}
	}
	return nil
}

// addPodResources makes room for the sidecar in a pod that bounds its
// containers together (spec.resources). A pod that was injected before has it.
func addPodResources(spec *corev1.PodSpec, proxy corev1.ResourceRequirements, before *corev1.Pod) {
	if spec.Resources == nil {
		return
	}
	var had corev1.ResourceRequirements
	for _, c := range before.Spec.InitContainers {
		if c.Name == v1alpha1.ProxyContainer {
			had = c.Resources
		}
	}
	shift(spec.Resources.Requests, had.Requests, proxy.Requests)
	shift(spec.Resources.Limits, had.Limits, proxy.Limits)
}

// shift takes from each of the total's amounts what went and adds what came.
func shift(total, gone, come corev1.ResourceList) {
	for name, amount := range total {
		if q, ok := gone[name]; ok {
			amount.Sub(q)
		}
		if q, ok := come[name]; ok {
			amount.Add(q)
		}
		total[name] = amount
	}
}

func set(list *corev1.ResourceList, name corev1.ResourceName, q *resource.Quantity) {
	if q == nil {
		return
	}
	if *list == nil {
		*list = corev1.ResourceList{}
	}
	(*list)[name] = q.DeepCopy()
}
