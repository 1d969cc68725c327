package webhooks

import (
	"fmt"
	"math"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// demandedCPU is the CPU limit of a sidecar where the namespace demands one and
// says none.
var demandedCPU = resource.MustParse("200m")

// bound is an amount and who sets it, in words.
type bound struct {
	quantity resource.Quantity
	by       string
}

// constraint is what a namespace asks of each container, of one resource.
type constraint struct {
	// min, max and ratio are nil where there is none. ratio is of the limit to
	// the request.
	min, max, ratio *bound
	// standard is the limit that a container without one will get.
	standard *bound
	// demanded tells that a container without a limit is refused.
	demanded bool
}

// constraintOf reads the namespace's LimitRanges and ResourceQuotas, the
// strictest of each.
func constraintOf(pod *corev1.Pod, namespace Namespace, name corev1.ResourceName) constraint {
	var c constraint
	for i := range namespace.LimitRanges {
		l := &namespace.LimitRanges[i]
		for _, item := range l.Spec.Limits {
			switch item.Type {
			case corev1.LimitTypeContainer:
				by := fmt.Sprintf("LimitRange %q allows a container", l.Name)
				c.min = stricter(c.min, item.Min, name, by, 1)
				c.max = stricter(c.max, item.Max, name, by, -1)
				c.ratio = stricter(c.ratio, item.MaxLimitRequestRatio, name, fmt.Sprintf("LimitRange %q", l.Name), -1)
				c.standard = stricter(c.standard, item.Default, name, by, -1)
			case corev1.LimitTypePod:
				if q, ok := item.Max[name]; ok {
					room := q.DeepCopy()
					room.Sub(ownLimits(pod, name))
					by := fmt.Sprintf("LimitRange %q, with what the pod's own containers may use, allows the sidecar", l.Name)
					c.max = stricter(c.max, corev1.ResourceList{name: room}, name, by, -1)
				}
			}
		}
	}
	c.demanded = c.ratio != nil
	for i := range namespace.Quotas {
		_, limited := namespace.Quotas[i].Spec.Hard["limits."+name]
		c.demanded = c.demanded || limited
	}
	return c
}

// stricter is the one of two bounds that allows less; sign is 1 for lower bounds.
func stricter(a *bound, list corev1.ResourceList, name corev1.ResourceName, by string, sign int) *bound {
	q, ok := list[name]
	if !ok || a != nil && q.Cmp(a.quantity)*sign <= 0 {
		return a
	}
	return &bound{quantity: q, by: by}
}

// ownLimits is what the pod's own containers may use together.
func ownLimits(pod *corev1.Pod, name corev1.ResourceName) resource.Quantity {
	var sum resource.Quantity
	for _, c := range pod.Spec.Containers {
		sum.Add(c.Resources.Limits[name])
	}
	for _, c := range pod.Spec.InitContainers {
		if !isOurs(c.Name) && c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			sum.Add(c.Resources.Limits[name])
		}
	}
	return sum
}

// fit brings a claim into what the namespace allows. What an annotation says is
// not changed: where it does not fit, that is an error.
func (c constraint) fit(x *claim) error {
	if x.limit.quantity == nil && c.standard == nil && c.demanded {
		x.limit.put(demandedCPU)
		if x.request.more(&demandedCPU) {
			x.limit.quantity = x.request.quantity
		}
	}
	for _, a := range []*amount{&x.limit, &x.request} {
		if err := c.within(x, a); err != nil {
			return err
		}
	}
	if err := c.fitRatio(x); err != nil {
		return err
	}
	if smallest := least[x.resource]; x.limit.quantity != nil && x.limit.quantity.Cmp(smallest) < 0 {
		return c.tooLittle(x, smallest)
	}
	if most := c.limitOf(x); x.request.more(most) {
		if !x.request.fixed() {
			x.request.put(*most)
		} else {
			x.limit.quantity = x.request.quantity
		}
	}
	return nil
}

// limitOf is the limit that the container will have; nil for none.
func (c constraint) limitOf(x *claim) *resource.Quantity {
	if x.limit.quantity == nil && c.standard != nil {
		return &c.standard.quantity
	}
	return x.limit.quantity
}

// within brings an amount between min and max.
func (c constraint) within(x *claim, a *amount) error {
	if c.max != nil && a.more(&c.max.quantity) {
		if a.fixed() {
			return a.refusal("%s at most %s of %s; write that or less", c.max.by, c.max.quantity.String(), x.resource)
		}
		a.put(c.max.quantity)
	}
	if c.min != nil && a.quantity != nil && a.quantity.Cmp(c.min.quantity) < 0 {
		if a.fixed() {
			return a.refusal("%s no less than %s of %s; write that or more", c.min.by, c.min.quantity.String(), x.resource)
		}
		a.put(c.min.quantity)
	}
	return nil
}

// fitRatio raises the request, or lowers the limit where the request is fixed.
func (c constraint) fitRatio(x *claim) error {
	limit, request := c.limitOf(x), x.request.quantity
	if c.ratio == nil || limit == nil || request == nil {
		return nil
	}
	ratio := c.ratio.quantity.AsApproximateFloat64()
	if ratio < 1 || limit.AsApproximateFloat64() <= ratio*request.AsApproximateFloat64() {
		return nil
	}
	switch {
	case !x.request.fixed():
		x.request.put(round(limit.AsApproximateFloat64()/ratio, x.resource, math.Ceil))
		if x.request.more(limit) {
			x.request.put(*limit)
		}
	case !x.limit.fixed():
		x.limit.put(round(ratio*request.AsApproximateFloat64(), x.resource, math.Floor))
		if x.request.more(x.limit.quantity) {
			x.limit.quantity = request
		}
		needed := least[x.resource]
		if c.min != nil && c.min.quantity.Cmp(needed) > 0 {
			needed = c.min.quantity
		}
		if x.limit.quantity.Cmp(needed) < 0 {
			return x.request.refusal("%s allows a limit of at most %s times the request, which is less than the %s of %s that are needed; raise it",
				c.ratio.by, c.ratio.quantity.String(), needed.String(), x.resource)
		}
	default:
		return x.request.refusal("%s allows a limit of at most %s times the request, and annotation %s says %s; raise this or lower that",
			c.ratio.by, c.ratio.quantity.String(), x.limit.by, limit)
	}
	return nil
}

// round gives whole Mi of memory, or bytes where that is less than one, and whole
// thousandths of a CPU.
func round(amount float64, name corev1.ResourceName, to func(float64) float64) resource.Quantity {
	if name == corev1.ResourceCPU {
		return *resource.NewMilliQuantity(int64(to(amount*1000)), resource.DecimalSI)
	}
	unit := 1.0
	if amount >= 1<<20 {
		unit = 1 << 20
	}
	return *resource.NewQuantity(int64(to(amount/unit)*unit), resource.BinarySI)
}

// tooLittle is of a container that gets too little whatever annotations say.
func (c constraint) tooLittle(x *claim, needed resource.Quantity) error {
	by := c.max
	if by == nil || by.quantity.Cmp(needed) >= 0 {
		return fmt.Errorf("container %s has a limit of %s of %s and needs %s; raise the MeshConfig's spec.sidecar", x.container, x.limit.quantity, x.resource, needed.String())
	}
	return fmt.Errorf("container %s needs %s of %s, and %s at most %s; raise that, or keep the pod out of the mesh by its label weft.mesh/inject: disabled",
		x.container, needed.String(), x.resource, by.by, by.quantity.String())
}
