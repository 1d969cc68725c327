package tests

import (
	"context"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/weft-mesh/weft/conformance/suite"
)

// readSplit reads a TrafficSplit of Main, in the version that is asked for.
func readSplit(ctx context.Context, e *suite.Env, version, name string) *unstructured.Unstructured {
	resource := schema.GroupVersionResource{Group: "split.smi-spec.io", Version: version, Resource: "trafficsplits"}
	o, err := e.Client.Resource(resource).Namespace(e.Main).Get(ctx, name, metav1.GetOptions{})
	Expect(err).NotTo(HaveOccurred())
	return o
}

// splitEvents are the messages of the Events of a TrafficSplit of Main.
func splitEvents(ctx context.Context, e *suite.Env, name string) ([]string, error) {
	list, err := e.Client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "events"}).Namespace(e.Main).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var messages []string
	for _, event := range list.Items {
		kindOf, _, _ := unstructured.NestedString(event.Object, "involvedObject", "kind")
		nameOf, _, _ := unstructured.NestedString(event.Object, "involvedObject", "name")
		if kindOf == "TrafficSplit" && nameOf == name {
			message, _, _ := unstructured.NestedString(event.Object, "message")
			messages = append(messages, message)
		}
	}
	return messages, nil
}
