package smi

import (
	"fmt"

	"github.com/weft-mesh/weft/translators/model"
)

// report collects what the author of one object should know.
type report struct {
	object      model.Ref
	diagnostics []model.Diagnostic
}

// refuse says that a field makes the object wrong.
func (r *report) refuse(field node, reason, format string, args ...any) {
	r.add(field, false, reason, fmt.Sprintf(format, args...))
}

// invalid is refuse for an error that names the value and the mend.
func (r *report) invalid(field node, err error) {
	r.add(field, false, model.ReasonInvalid, err.Error())
}

// warn says that a field may not do what its author thinks.
func (r *report) warn(field node, reason, format string, args ...any) {
	r.add(field, true, reason, fmt.Sprintf(format, args...))
}

func (r *report) add(field node, warning bool, reason, message string) {
	r.diagnostics = append(r.diagnostics, model.Diagnostic{
		Object:    r.object,
		Condition: model.ConditionAccepted,
		Warning:   warning,
		Reason:    reason,
		Field:     field.path,
		Message:   message,
	})
}

// refused tells that the object is wrong in some field.
func (r *report) refused() bool {
	for _, d := range r.diagnostics {
		if !d.Warning {
			return true
		}
	}
	return false
}

// section is an object's part that has to be a map. It is usable where it is
// absent, as every kind says for itself what it misses.
func (r *report) section(n node) (node, bool) {
	if _, ok := n.value.(map[string]any); !ok && !n.absent() {
		r.refuse(n, model.ReasonInvalid, "%s is not a map; write its fields below it", n.shown())
		return n, false
	}
	return n, true
}
