package controllers

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/versions"
)

// ConvertService is the Service that the CRDs of config/crd name for their
// conversion.
const ConvertService = "weft-convert"

// served is what a CRD serves of a kind of SMI; another product's may serve
// less than ours. The zero value is a kind that is not installed.
type served struct {
	// version is the newest that weft knows: the one that is read.
	version string
	// status tells that its objects have a status; else Events are all that is
	// told.
	status bool
	// missing says, for people, what ours would serve beside.
	missing []string
}

// crdName is the name of the CRD of a kind.
func crdName(kind model.Kind) string {
	return strings.ToLower(string(kind)) + "s." + versions.Group(kind)
}

// inspect reads what a CRD serves.
func inspect(kind model.Kind, crd *apiextensionsv1.CustomResourceDefinition) served {
	var s served
	if !established(crd) {
		return s
	}
	var absent []string
	several := 0
	for _, name := range versions.Of(kind) {
		i := slices.IndexFunc(crd.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool {
			return v.Name == name && v.Served
		})
		if i < 0 {
			absent = append(absent, name)
			continue
		}
		several++
		sub := crd.Spec.Versions[i].Subresources
		s.version = versions.Group(kind) + "/" + name
		s.status = sub != nil && sub.Status != nil
	}
	if len(absent) > 0 {
		s.missing = append(s.missing, fmt.Sprintf("it does not serve %s", strings.Join(absent, ", ")))
	}
	if s.version != "" && !s.status {
		s.missing = append(s.missing, "it has no status, so its objects have Events alone")
	}
	if several > 1 && (crd.Spec.Conversion == nil || crd.Spec.Conversion.Strategy != apiextensionsv1.WebhookConverter) {
		s.missing = append(s.missing, "its versions are not converted, so an object may read wrongly in another version than its own")
	}
	return s
}

func established(crd *apiextensionsv1.CustomResourceDefinition) bool {
	return slices.ContainsFunc(crd.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
		return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
	})
}

// same tells whether two CRDs serve alike.
func (s served) same(o served) bool {
	return s.version == o.version && s.status == o.status && slices.Equal(s.missing, o.missing)
}

// advice says what a CRD of another product lacks, and the mend; it is empty
// for one that lacks nothing.
func (s served) advice() string {
	if len(s.missing) == 0 {
		return ""
	}
	return "weft's own CRD serves more: " + strings.Join(s.missing, "; ") + "; kubectl apply -k config/crd puts weft's in its place, and keeps the objects"
}

// servedKinds is what is served of each kind at present. The loader keeps it,
// and the reporter goes by it.
type servedKinds struct {
	mu    sync.RWMutex
	kinds map[model.Kind]served
}

func (k *servedKinds) of(kind model.Kind) served {
	if kind == model.KindMeshConfig {
		return served{version: v1alpha1.GroupVersion.String(), status: true}
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.kinds[kind]
}

func (k *servedKinds) set(kind model.Kind, s served) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kinds == nil {
		k.kinds = map[model.Kind]served{}
	}
	k.kinds[kind] = s
}
