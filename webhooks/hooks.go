package webhooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/weft-mesh/weft/internal/podnet"
	"github.com/weft-mesh/weft/translators/model"
)

// postStartTimeout bounds a hook that Kubernetes itself does not bound.
const postStartTimeout = time.Hour

// hookSlot is a place in a container where a hook may stand.
type hookSlot struct {
	kind    string
	hook    **corev1.LifecycleHandler
	timeout time.Duration
}

func hookSlots(pod *corev1.Pod, c *corev1.Container) []hookSlot {
	if c.Lifecycle == nil {
		return nil
	}
	grace := time.Duration(gracePeriod(pod)) * time.Second
	return []hookSlot{
		{"poststart", &c.Lifecycle.PostStart, postStartTimeout},
		{"prestop", &c.Lifecycle.PreStop, min(max(grace, time.Second), longestPeriod)},
	}
}

// rewriteHooks turns HTTP hooks to the sidecar, as rewriteProbes does with
// probes. A hook does something, and the sidecar's probe port is open to
// everybody: so its path holds a token that only the API server's readers know.
func rewriteHooks(pod *corev1.Pod, config podnet.Config, known map[string]model.Probe, key []byte) (hooks []model.Probe, warnings []string) {
	for _, c := range containers(&pod.Spec) {
		for _, slot := range hookSlots(pod, c) {
			if *slot.hook == nil || (*slot.hook).HTTPGet == nil {
				continue
			}
			hook, remark := rewriteHook(c, slot, config, known, key)
			if remark != "" {
				warnings = append(warnings, fmt.Sprintf("container %q: the %s hook %s", c.Name, slot.kind, remark))
			}
			if hook.Kind != "" {
				hooks = append(hooks, hook)
			}
		}
	}
	return hooks, warnings
}

func rewriteHook(c *corev1.Container, slot hookSlot, config podnet.Config, known map[string]model.Probe, key []byte) (_ model.Probe, remark string) {
	get := (*slot.hook).HTTPGet
	original, rewritten := model.Probe{}, isOurGet(get)
	if rewritten {
		var ok bool
		if original, ok = known[get.Path]; !ok {
			*slot.hook = nil
			return model.Probe{}, "was rewritten by weft and its original is lost; it is removed"
		}
	} else {
		original, remark = httpProbe(c, get)
		if original.Kind == "" || !config.RedirectsInbound(original.Port) {
			return model.Probe{}, remark
		}
	}
	if len(key) == 0 && !rewritten {
		return model.Probe{}, fmt.Sprintf("asks port %d without an identity, which strict mTLS refuses; make it an exec hook, or list the port in the annotation weft.mesh/exclude-inbound-ports", original.Port)
	}
	original.Path = get.Path
	if !rewritten {
		original.Path = ProbePrefix + c.Name + "/" + slot.kind + "/" + hookToken(key, c.Name, slot.kind, original)
	}
	original.Period, original.Timeout = defaultProbePeriod, slot.timeout
	(*slot.hook).HTTPGet = ourGet(original.Path, get.HTTPHeaders)
	return original, ""
}

// hookToken is the same for all pods of a workload, which share their
// configuration, and can't be guessed without the key.
func hookToken(key []byte, container, kind string, p model.Probe) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%q %q %s %d %q", container, kind, p.Kind, p.Port, p.Target)
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// hookKey is the key of one namespace, so that the pods of another tell nothing
// about it. There is none where the installation has none.
func hookKey(installation []byte, namespace string) []byte {
	if len(installation) == 0 {
		return nil
	}
	mac := hmac.New(sha256.New, installation)
	fmt.Fprint(mac, namespace)
	return mac.Sum(nil)
}

// isOurGet tells a request that an earlier injection turned to the sidecar.
func isOurGet(get *corev1.HTTPGetAction) bool {
	return get != nil && get.Port == intstr.FromInt32(probePort) && strings.HasPrefix(get.Path, ProbePrefix)
}

// ourGet asks the sidecar in the application's place. The headers stay: the
// sidecar passes them on.
func ourGet(path string, headers []corev1.HTTPHeader) *corev1.HTTPGetAction {
	return &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(probePort), Scheme: corev1.URISchemeHTTP, HTTPHeaders: headers}
}
