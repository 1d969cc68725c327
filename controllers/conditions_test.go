package controllers

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/weft-mesh/weft/internal/engine"
	"github.com/weft-mesh/weft/translators/model"
)

var inForce = engine.Status{Fragment: &model.Split{}, Needed: 2, Acked: 2}

func TestConditions(t *testing.T) {
	diagnostic := func(c model.Condition, warning bool, reason, message string) model.Diagnostic {
		return model.Diagnostic{Condition: c, Warning: warning, Reason: reason, Field: "f", Message: message}
	}
	const accepted, resolved = model.ConditionAccepted, model.ConditionResolvedRefs
	tests := map[string]struct {
		diagnostics []model.Diagnostic
		status      engine.Status
		waiting     []string
		want        [3]string // status, reason and message
	}{
		"well": {
			status: inForce,
			want:   [3]string{"True Accepted ", "True ResolvedRefs ", "True Programmed every connected proxy that needs it runs it"},
		},
		"a remark": {
			status: inForce, diagnostics: []model.Diagnostic{diagnostic(accepted, true, "NoWeight", "none")},
			want: [3]string{"True Accepted f: none", "True ResolvedRefs ", "True Programmed every connected proxy that needs it runs it"},
		},
		"refused, in force in part": {
			status:      inForce,
			diagnostics: []model.Diagnostic{diagnostic(accepted, true, "NoWeight", "none"), diagnostic(accepted, false, "Invalid", "no"), diagnostic(accepted, false, "UnsupportedValue", "nor that")},
			want:        [3]string{"False Invalid f: none; f: no; f: nor that", "True ResolvedRefs ", "True Programmed every connected proxy that needs it runs it"},
		},
		"refused": {
			diagnostics: []model.Diagnostic{diagnostic(accepted, false, "Invalid", "no")},
			want:        [3]string{"False Invalid f: no", "Unknown Invalid ", "False Invalid nothing of it is in force, as it is not accepted"},
		},
		"said twice": {
			status: inForce, diagnostics: []model.Diagnostic{diagnostic(resolved, false, "RouteNotFound", "no"), diagnostic(resolved, false, "RouteNotFound", "no")},
			want: [3]string{"True Accepted ", "False RouteNotFound f: no", "True Programmed every connected proxy that needs it runs it"},
		},
		"conflict": {
			status: inForce, diagnostics: []model.Diagnostic{diagnostic(accepted, false, "Conflicted", "older")},
			want: [3]string{"False Conflicted f: older", "True ResolvedRefs ", "False Conflicted it is not in force, as another object is"},
		},
		"pending": {
			status: engine.Status{Fragment: &model.Split{}, Needed: 3, Acked: 1}, waiting: []string{"replica a does not answer"},
			want: [3]string{"True Accepted ", "True ResolvedRefs ", "False Pending 1 of 3 connected proxies that need it run it; replica a does not answer"},
		},
		"rejected": {
			status: engine.Status{Fragment: &model.Split{}, Needed: 3, Acked: 1, Rejected: []string{"a", "b", "c", "d", "e", "f", "g"}},
			want:   [3]string{"True Accepted ", "True ResolvedRefs ", "False Rejected refused by a, b, c, d, e and 2 more; they go on with what they ran before"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			j := judgement{generation: 7, diagnostics: tc.diagnostics, status: tc.status, waiting: tc.waiting}
			var got [3]string
			for i, c := range j.conditions(nil, metav1.Now()) {
				got[i] = fmt.Sprintf("%s %s %s", c.Status, c.Reason, c.Message)
				if c.ObservedGeneration != 7 {
					t.Errorf("%s observed %d", c.Type, c.ObservedGeneration)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheTimeOfAConditionIsWhenItTurned(t *testing.T) {
	early, late := metav1.NewTime(time.Unix(1000, 0)), metav1.NewTime(time.Unix(2000, 0))
	pending := judgement{status: engine.Status{Fragment: &model.Split{}, Needed: 1}}
	before := pending.conditions(nil, early)
	after := judgement{generation: 2, status: inForce}.conditions(before, late)
	if !after[0].LastTransitionTime.Equal(&early) || !after[2].LastTransitionTime.Equal(&late) {
		t.Errorf("got %v and %v", after[0].LastTransitionTime, after[2].LastTransitionTime)
	}
}

func TestALongMessageIsCut(t *testing.T) {
	j := judgement{status: inForce}
	for i := range 500 {
		j.diagnostics = append(j.diagnostics, model.Diagnostic{Condition: model.ConditionAccepted, Reason: "Invalid", Message: fmt.Sprintf("%d \u00e9\xff", i)})
	}
	got := j.conditions(nil, metav1.Now())[0].Message
	if len(got) > longestMessage || !strings.HasSuffix(got, "(and more)") || !utf8.ValidString(got) {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

// Trap 8: what is left out is told in an Event.
func TestWhatIsWorthTelling(t *testing.T) {
	of := func(status metav1.ConditionStatus, kind, reason, message string) []metav1.Condition {
		return []metav1.Condition{{Type: kind, Status: status, Reason: reason, Message: message}}
	}
	no, yes := metav1.ConditionFalse, metav1.ConditionTrue
	tests := map[string]struct {
		before, after []metav1.Condition
		want          string
	}{
		"a new object that is well":   {after: of(yes, "Accepted", "Accepted", "")},
		"a new object that is wrong":  {after: of(no, "Accepted", "Invalid", "m"), want: "Warning Invalid Accepted m"},
		"a remark":                    {after: of(yes, "Accepted", "Accepted", "m"), want: "Warning Accepted Accepted m"},
		"the same again":              {before: of(no, "Accepted", "Invalid", "m"), after: of(no, "Accepted", "Invalid", "m")},
		"another mistake":             {before: of(no, "Accepted", "Invalid", "m"), after: of(no, "Accepted", "Invalid", "n"), want: "Warning Invalid Accepted n"},
		"mended":                      {before: of(no, "Accepted", "Invalid", "m"), after: of(yes, "Accepted", "Accepted", ""), want: "Normal Accepted Accepted it was mended"},
		"pending":                     {before: of(yes, "Programmed", "Programmed", "m"), after: of(no, "Programmed", "Pending", "m")},
		"programmed":                  {before: of(no, "Programmed", "Pending", "m"), after: of(yes, "Programmed", "Programmed", "m")},
		"rejected":                    {before: of(no, "Programmed", "Pending", "m"), after: of(no, "Programmed", "Rejected", "m"), want: "Warning Rejected Programmed m"},
		"no longer rejected":          {before: of(no, "Programmed", "Rejected", "m"), after: of(yes, "Programmed", "Programmed", "m"), want: "Normal Programmed Programmed it was mended"},
		"no longer rejected, pending": {before: of(no, "Programmed", "Rejected", "m"), after: of(no, "Programmed", "Pending", "m")},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, n := range worthTelling(tc.before, tc.after) {
				got = append(got, fmt.Sprintf("%s %s %s %s", n.kind, n.reason, n.action, n.text))
			}
			if strings.Join(got, "|") != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
