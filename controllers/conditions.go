package controllers

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/weft-mesh/weft/internal/engine"
	"github.com/weft-mesh/weft/translators/model"
)

const (
	// longestMessage keeps an object with a thousand mistakes readable.
	longestMessage = 2048
	// mostNamed is how many proxies a message names.
	mostNamed = 5
)

// judgement is all that the conditions of an object follow from.
type judgement struct {
	generation  int64
	diagnostics []model.Diagnostic
	status      engine.Status
	waiting     []string
}

// conditions are those of an object; the time of one that has not turned is
// kept from before.
func (j judgement) conditions(before []metav1.Condition, now metav1.Time) []metav1.Condition {
	wanted := []metav1.Condition{
		j.judged(model.ConditionAccepted, model.ReasonAccepted),
		j.resolved(),
		j.programmed(),
	}
	for i := range wanted {
		c := &wanted[i]
		c.ObservedGeneration = j.generation
		c.Message = shorten(c.Message)
		c.LastTransitionTime = now
		if old := meta.FindStatusCondition(before, c.Type); old != nil && old.Status == c.Status {
			c.LastTransitionTime = old.LastTransitionTime
		}
	}
	return wanted
}

// judged is a condition that holds where no diagnostic denies it.
func (j judgement) judged(condition model.Condition, holds string) metav1.Condition {
	c := metav1.Condition{Type: string(condition), Status: metav1.ConditionTrue, Reason: holds}
	var texts []string
	for _, d := range j.diagnostics {
		if d.Condition != condition {
			continue
		}
		if !d.Warning && c.Status == metav1.ConditionTrue {
			c.Status, c.Reason = metav1.ConditionFalse, d.Reason
		}
		if text := d.Text(); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	c.Message = strings.Join(texts, "; ")
	return c
}

// resolved is not known of an object of which nothing is in force: nobody looked
// for what it names.
func (j judgement) resolved() metav1.Condition {
	c := j.judged(model.ConditionResolvedRefs, model.ReasonResolvedRefs)
	if j.status.Fragment == nil && c.Status == metav1.ConditionTrue {
		c.Status, c.Reason = metav1.ConditionUnknown, model.ReasonInvalid
	}
	return c
}

// programmed speaks of the proxies. Its message has no numbers once it holds:
// a write for each pod that comes and goes would be a storm.
func (j judgement) programmed() metav1.Condition {
	c := metav1.Condition{Type: string(model.ConditionProgrammed), Status: metav1.ConditionFalse}
	switch conflict := j.denied(model.ReasonConflicted); {
	case j.status.Fragment == nil:
		c.Reason, c.Message = model.ReasonInvalid, "nothing of it is in force, as it is not accepted"
	case conflict:
		c.Reason, c.Message = model.ReasonConflicted, "it is not in force, as another object is"
	case len(j.status.Rejected) > 0:
		c.Reason = model.ReasonRejected
		c.Message = "refused by " + some(j.status.Rejected) + "; they go on with what they ran before"
	case !j.status.Programmed():
		c.Reason = model.ReasonPending
		c.Message = fmt.Sprintf("%d of %d connected proxies that need it run it", j.status.Acked, j.status.Needed)
		if len(j.waiting) > 0 {
			c.Message += "; " + some(j.waiting)
		}
	default:
		c.Status, c.Reason = metav1.ConditionTrue, model.ReasonProgrammed
		c.Message = "every connected proxy that needs it runs it"
	}
	return c
}

// denied tells whether a diagnostic denies Accepted for this reason.
func (j judgement) denied(reason string) bool {
	return slices.ContainsFunc(j.diagnostics, func(d model.Diagnostic) bool {
		return d.Condition == model.ConditionAccepted && !d.Warning && d.Reason == reason
	})
}

func some(texts []string) string {
	if more := len(texts) - mostNamed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(texts[:mostNamed], ", "), more)
	}
	return strings.Join(texts, ", ")
}

func shorten(text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	if len(text) <= longestMessage {
		return text
	}
	const cut = " (and more)"
	return strings.ToValidUTF8(text[:longestMessage-len(cut)], "") + cut
}

// sameConditions compares all that is written.
func sameConditions(a, b []metav1.Condition) bool {
	return slices.EqualFunc(a, b, func(x, y metav1.Condition) bool {
		return x.Type == y.Type && x.Status == y.Status && x.Reason == y.Reason && x.Message == y.Message &&
			x.ObservedGeneration == y.ObservedGeneration && x.LastTransitionTime.Equal(&y.LastTransitionTime)
	})
}

// note is an Event about an object.
type note struct {
	kind, reason, action, text string
}

// worthTelling are the turns that the author should hear of: what is wrong, and
// that it no longer is. That proxies are still waited for is neither.
func worthTelling(before, after []metav1.Condition) []note {
	var told []note
	for _, c := range after {
		old := meta.FindStatusCondition(before, c.Type)
		if old != nil && old.Status == c.Status && old.Reason == c.Reason && old.Message == c.Message {
			continue
		}
		switch wrong := remarkable(c); {
		case wrong:
			told = append(told, note{corev1.EventTypeWarning, c.Reason, c.Type, c.Message})
		case old != nil && remarkable(*old) && c.Status == metav1.ConditionTrue:
			told = append(told, note{corev1.EventTypeNormal, c.Reason, c.Type, "it was mended"})
		}
	}
	return told
}

func remarkable(c metav1.Condition) bool {
	if c.Type == string(model.ConditionProgrammed) {
		return c.Reason == model.ReasonRejected
	}
	return c.Message != ""
}
