package smi

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/weft-mesh/weft/translators/model"
)

// identityBinding reads an IdentityBinding. A wrong scheme is left out, which
// only narrows whom it stands for; two that exclude one another void it.
func identityBinding(root node) (*model.IdentityBinding, []model.Diagnostic) {
	b := &model.IdentityBinding{Key: root.key()}
	r := &report{object: b.Ref()}
	spec, ok := r.section(root.field("spec"))
	if !ok {
		return nil, r.diagnostics
	}
	schemes, ok := r.section(spec.field("schemes"))
	if !ok {
		return nil, r.diagnostics
	}
	account, selector := schemes.field("serviceAccount"), schemes.field("podLabelSelector")
	if !account.absent() && !selector.absent() {
		r.refuse(selector, model.ReasonInvalid, "it excludes serviceAccount, which is written too; remove one of them")
		return nil, r.diagnostics
	}
	b.ServiceAccount = bindingAccount(r, account)
	b.SPIFFEIDs = bindingSPIFFEIDs(r, schemes.field("spiffeIdentities"))
	b.PodLabels = bindingLabels(r, selector)
	if b.ServiceAccount == "" && len(b.SPIFFEIDs) == 0 && b.PodLabels == nil {
		if !r.refused() {
			r.refuse(schemes, model.ReasonInvalid, "there is no scheme, so it stands for nobody; write serviceAccount, podLabelSelector or spiffeIdentities")
		}
		return nil, r.diagnostics
	}
	return b, r.diagnostics
}

func bindingAccount(r *report, n node) string {
	if n.absent() {
		return ""
	}
	name, err := n.text()
	if err == nil {
		err = objectName(name, serviceAccount)
	}
	if err != nil {
		r.invalid(n, err)
		return ""
	}
	return name
}

// bindingSPIFFEIDs reads the identities; the specification writes them without
// their scheme, and people with it.
func bindingSPIFFEIDs(r *report, list node) []string {
	entries, err := list.items()
	if err != nil {
		r.invalid(list, err)
		return nil
	}
	var ids []string
	for _, entry := range entries {
		id, err := entry.text()
		id = strings.TrimPrefix(id, "spiffe://")
		if err == nil && id == "" {
			err = errors.New("the identity is empty; write TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICEACCOUNT")
		}
		if err != nil {
			r.refuse(entry, model.ReasonInvalid, "%v; this identity is left out", err)
			continue
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// bindingLabels reads the selector. One that can't be read wholly selects
// nobody: a part of it would select more. Nor does an empty one, which is more
// often a slip than the wish to mean every pod.
func bindingLabels(r *report, n node) map[string]string {
	if n.absent() {
		return nil
	}
	labels := n.field("matchLabels")
	written, ok := labels.value.(map[string]any)
	if !ok || len(written) == 0 {
		r.refuse(labels, model.ReasonInvalid, "%s selects nobody; write at least one label and its value below it", labels.shown())
		return nil
	}
	if selector, ok := n.value.(map[string]any); ok && len(selector) > 1 {
		r.refuse(n, model.ReasonUnsupportedValue, "it has more than matchLabels, which is all that the specification knows; remove the rest")
		return nil
	}
	out := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(written)) {
		text, ok := written[key].(string)
		if !ok || len(validation.IsQualifiedName(key)) > 0 || len(validation.IsValidLabelValue(text)) > 0 {
			r.refuse(labels, model.ReasonInvalid, "%s: %s is no label; correct it", quote(key), labels.field(key).shown())
			return nil
		}
		out[key] = text
	}
	return out
}
