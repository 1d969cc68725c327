package metricsapi

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/weft-mesh/weft/api/trafficmetrics"
)

// The fields that a field selector may name.
const (
	fieldName              = "metadata.name"
	fieldNamespace         = "metadata.namespace"
	fieldResourceKind      = "resource.kind"
	fieldResourceName      = "resource.name"
	fieldResourceNamespace = "resource.namespace"
)

func addFieldLabels(scheme *runtime.Scheme, version schema.GroupVersion) error {
	known := []string{fieldName, fieldNamespace, fieldResourceKind, fieldResourceName, fieldResourceNamespace}
	return scheme.AddFieldLabelConversionFunc(version.WithKind("TrafficMetrics"), func(label, value string) (string, string, error) {
		if !slices.Contains(known, label) {
			return "", "", fmt.Errorf("parameter fieldSelector: %q is not a field that can be selected by; these are: %s", label, strings.Join(known, ", "))
		}
		return label, value, nil
	})
}

// selection is what a list or a watch is of.
type selection struct {
	labels labels.Selector
	fields fields.Selector
}

func choose(options *internalversion.ListOptions) selection {
	s := selection{labels: labels.Everything(), fields: fields.Everything()}
	if options != nil && options.LabelSelector != nil {
		s.labels = options.LabelSelector
	}
	if options != nil && options.FieldSelector != nil {
		s.fields = options.FieldSelector
	}
	return s
}

// kind is the one that the selectors ask for: by resource.kind, or by the name
// where that begins with it.
func (s selection) kind() string {
	if kind, ok := s.fields.RequiresExactMatch(fieldResourceKind); ok {
		return kind
	}
	if name, ok := s.fields.RequiresExactMatch(fieldName); ok {
		if kind, _, cut := strings.Cut(name, "."); cut {
			return kind
		}
	}
	return ""
}

func (s selection) filter(items []trafficmetrics.TrafficMetrics) []trafficmetrics.TrafficMetrics {
	if s.labels.Empty() && s.fields.Empty() {
		return items
	}
	return slices.DeleteFunc(items, func(t trafficmetrics.TrafficMetrics) bool {
		return !s.labels.Matches(labels.Set(t.Labels)) || !s.fields.Matches(fields.Set{
			fieldName: t.Name, fieldNamespace: t.Namespace, fieldResourceKind: t.Resource.Kind,
			fieldResourceName: t.Resource.Name, fieldResourceNamespace: t.Resource.Namespace,
		})
	})
}

// written is the label selector as the list shows it.
func (s selection) written() *metav1.LabelSelector {
	if s.labels.Empty() {
		return nil
	}
	selector, err := metav1.ParseToLabelSelector(s.labels.String())
	if err != nil {
		return nil
	}
	return selector
}

// page cuts the sorted items by limit and continue. A page goes on after the
// last name of the one before, with the figures of its own moment.
func page(items []trafficmetrics.TrafficMetrics, options *internalversion.ListOptions) ([]trafficmetrics.TrafficMetrics, string, *int64, error) {
	if options == nil {
		return items, "", nil, nil
	}
	if options.Continue != "" {
		last, err := readContinue(options.Continue)
		if err != nil {
			return nil, "", nil, badParameter("continue", options.Continue, err.Error())
		}
		first := slices.IndexFunc(items, func(t trafficmetrics.TrafficMetrics) bool { return place(t) > last })
		if first < 0 {
			return nil, "", nil, nil
		}
		items = items[first:]
	}
	if options.Limit <= 0 || int64(len(items)) <= options.Limit {
		return items, "", nil, nil
	}
	left := int64(len(items)) - options.Limit
	items = items[:options.Limit]
	token := base64.RawURLEncoding.EncodeToString([]byte(place(items[len(items)-1])))
	return items, token, &left, nil
}

// place orders items as lists do: "\x00" sorts before all that names have.
func place(t trafficmetrics.TrafficMetrics) string { return t.Namespace + "\x00" + t.Name }

func readContinue(token string) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || !strings.Contains(string(raw), "\x00") {
		return "", fmt.Errorf("is not from a list of this API")
	}
	return string(raw), nil
}
