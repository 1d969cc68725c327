package model

// Condition is the type of a status condition, as in Gateway API.
type Condition string

// The conditions of an SMI object.
const (
	// ConditionAccepted tells that the object makes sense by itself and is in
	// force.
	ConditionAccepted Condition = "Accepted"
	// ConditionResolvedRefs tells that all it names exists.
	ConditionResolvedRefs Condition = "ResolvedRefs"
	// ConditionProgrammed tells that every connected proxy that needs it has
	// acknowledged it.
	ConditionProgrammed Condition = "Programmed"
)

// Reasons of conditions. CamelCase, stable: users write them into scripts.
const (
	ReasonAccepted                = "Accepted"
	ReasonInvalid                 = "Invalid"
	ReasonConflicted              = "Conflicted"
	ReasonDestinationNotPermitted = "DestinationNotPermitted"
	ReasonUnsupportedValue        = "UnsupportedValue"
	ReasonNoWeight                = "NoWeight"
	ReasonNotApplicable           = "NotApplicable"

	ReasonResolvedRefs    = "ResolvedRefs"
	ReasonServiceNotFound = "ServiceNotFound"
	ReasonRouteNotFound   = "RouteNotFound"
	ReasonMatchNotFound   = "MatchNotFound"
	ReasonPortNotFound    = "PortNotFound"
	ReasonPodsNotFound    = "PodsNotFound"
	ReasonBindingNotFound = "BindingNotFound"
	ReasonIdentityShared  = "IdentityShared"

	ReasonProgrammed = "Programmed"
	ReasonPending    = "Pending"
	ReasonRejected   = "Rejected"
)

// Diagnostic is something that the author of an object should know: a
// condition that does not hold, or holds with a remark. The same value becomes
// a condition, an Event and the answer of the admission webhook.
type Diagnostic struct {
	Object Ref
	// Condition is the condition concerned.
	Condition Condition
	// Warning tells that the condition still holds.
	Warning bool
	Reason  string
	// Field is the path within the object, as in "spec.backends[1].weight".
	Field string
	// Message names the value and the mend, without the field.
	Message string
}

// Text is the whole sentence for a person: field, then message.
func (d Diagnostic) Text() string {
	if d.Field == "" {
		return d.Message
	}
	return d.Field + ": " + d.Message
}
