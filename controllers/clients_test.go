package controllers

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	accessv1alpha1 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/access/v1alpha1"
	accessv1alpha2 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/access/v1alpha2"
	accessv1alpha3 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/access/v1alpha3"
	specsv1alpha1 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/specs/v1alpha1"
	specsv1alpha2 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/specs/v1alpha2"
	specsv1alpha3 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/specs/v1alpha3"
	specsv1alpha4 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/specs/v1alpha4"
	splitv1alpha1 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/split/v1alpha1"
	splitv1alpha2 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/split/v1alpha2"
	splitv1alpha3 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/split/v1alpha3"
	splitv1alpha4 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/split/v1alpha4"
	accessclient "github.com/servicemeshinterface/smi-sdk-go/pkg/gen/client/access/clientset/versioned"
	specsclient "github.com/servicemeshinterface/smi-sdk-go/pkg/gen/client/specs/clientset/versioned"
	specsscheme "github.com/servicemeshinterface/smi-sdk-go/pkg/gen/client/specs/clientset/versioned/scheme"
	splitclient "github.com/servicemeshinterface/smi-sdk-go/pkg/gen/client/split/clientset/versioned"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
)

// generated is what the generated clients of smi-sdk-go have in common.
type generated[T metav1.Object] interface {
	Create(context.Context, T, metav1.CreateOptions) (T, error)
	Update(context.Context, T, metav1.UpdateOptions) (T, error)
	Get(context.Context, string, metav1.GetOptions) (T, error)
}

// door is one version of a kind, by its generated client.
type door struct {
	version string
	// create makes an object, read gives what an author writes of it, and touch
	// reads it, sets a label and writes it back.
	create func(t *testing.T, name string)
	read   func(t *testing.T, name string) string
	touch  func(t *testing.T, name string)
}

func doorOf[T metav1.Object](version string, c generated[T], object T) door {
	get := func(t *testing.T, name string) T {
		t.Helper()
		got, err := c.Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatalf("read %s as %s: %v", name, version, err)
		}
		return got
	}
	return door{
		version: version,
		create: func(t *testing.T, name string) {
			t.Helper()
			object.SetName(name)
			if _, err := c.Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
				t.Fatalf("create %s as %s: %v", name, version, err)
			}
		},
		read: func(t *testing.T, name string) string {
			t.Helper()
			raw, err := json.Marshal(get(t, name))
			if err != nil {
				t.Fatal(err)
			}
			var tree map[string]any
			if err := json.Unmarshal(raw, &tree); err != nil {
				t.Fatal(err)
			}
			delete(tree, "metadata")
			text, err := json.MarshalIndent(tree, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		},
		touch: func(t *testing.T, name string) {
			t.Helper()
			object := get(t, name)
			object.SetLabels(map[string]string{"touched-as": version})
			if _, err := c.Update(t.Context(), object, metav1.UpdateOptions{}); err != nil {
				t.Fatalf("update %s as %s: %v", name, version, err)
			}
		},
	}
}

// TestGeneratedClients (traps 4, 26, 34, 65): those of smi-sdk-go read and write
// each version, and nobody loses what another wrote.
func TestGeneratedClients(t *testing.T) {
	c := needCluster(t)
	ns := namespace(t, c, nil)
	hooks.admit(t, c, ns)
	config := rest.CopyConfig(cluster)
	config.QPS, config.Burst = 1000, 1000
	access, specs, split := accessclient.NewForConfigOrDie(config), specsclient.NewForConfigOrDie(config), splitclient.NewForConfigOrDie(config)
	// The release forgot to register it.
	specsscheme.Scheme.AddKnownTypes(specsv1alpha4.SchemeGroupVersion, &specsv1alpha4.UDPRoute{}, &specsv1alpha4.UDPRouteList{})

	group, http := ptr.To("specs.smi-spec.io"), "HTTPRouteGroup"
	headers := map[string]string{"x-user": "a.*", "cookie": "b"}
	kinds := map[string][]door{
		"trafficsplit": {
			doorOf("v1alpha1", split.SplitV1alpha1().TrafficSplits(ns), &splitv1alpha1.TrafficSplit{Spec: splitv1alpha1.TrafficSplitSpec{
				Service: "web", Backends: []splitv1alpha1.TrafficSplitBackend{{Service: "a", Weight: ptr.To(resource.MustParse("500m"))}, {Service: "b", Weight: ptr.To(resource.MustParse("1"))}},
			}}),
			doorOf("v1alpha2", split.SplitV1alpha2().TrafficSplits(ns), &splitv1alpha2.TrafficSplit{Spec: splitv1alpha2.TrafficSplitSpec{
				Service: "web", Backends: []splitv1alpha2.TrafficSplitBackend{{Service: "a", Weight: 0}, {Service: "b", Weight: 100}},
			}}),
			doorOf("v1alpha3", split.SplitV1alpha3().TrafficSplits(ns), &splitv1alpha3.TrafficSplit{Spec: splitv1alpha3.TrafficSplitSpec{
				Service: "web", Backends: []splitv1alpha3.TrafficSplitBackend{{Service: "a", Weight: 1}}, Matches: []corev1.TypedLocalObjectReference{{APIGroup: group, Kind: http, Name: "g"}},
			}}),
			doorOf("v1alpha4", split.SplitV1alpha4().TrafficSplits(ns), &splitv1alpha4.TrafficSplit{Spec: splitv1alpha4.TrafficSplitSpec{
				Service: "web", Backends: []splitv1alpha4.TrafficSplitBackend{{Service: "a", Weight: 1}}, Matches: []corev1.TypedLocalObjectReference{{Kind: http, Name: "g"}},
			}}),
		},
		"traffictarget": {
			doorOf("v1alpha1", access.AccessV1alpha1().TrafficTargets(ns), &accessv1alpha1.TrafficTarget{
				Destination: accessv1alpha1.IdentityBindingSubject{Kind: "ServiceAccount", Name: "web", Port: 8080},
				Sources:     []accessv1alpha1.IdentityBindingSubject{{Kind: "ServiceAccount", Name: "front", Namespace: "other"}},
				Specs:       []accessv1alpha1.TrafficTargetSpec{{Kind: http, Name: "g", Matches: []string{"m"}}},
			}),
			doorOf("v1alpha2", access.AccessV1alpha2().TrafficTargets(ns), &accessv1alpha2.TrafficTarget{Spec: accessv1alpha2.TrafficTargetSpec{
				Destination: accessv1alpha2.IdentityBindingSubject{Kind: "ServiceAccount", Name: "web", Port: ptr.To(8080)},
				Sources:     []accessv1alpha2.IdentityBindingSubject{{Kind: "ServiceAccount", Name: "front"}},
				Rules:       []accessv1alpha2.TrafficTargetRule{{Kind: "TCPRoute", Name: "r"}},
			}}),
			doorOf("v1alpha3", access.AccessV1alpha3().TrafficTargets(ns), &accessv1alpha3.TrafficTarget{Spec: accessv1alpha3.TrafficTargetSpec{
				Destination: accessv1alpha3.IdentityBindingSubject{Kind: "ServiceAccount", Name: "web"},
				Sources:     []accessv1alpha3.IdentityBindingSubject{{Kind: "ServiceAccount", Name: "front"}},
				Rules:       []accessv1alpha3.TrafficTargetRule{{Kind: "UDPRoute", Name: "u"}},
			}}),
		},
		"httproutegroup": {
			doorOf("v1alpha1", specs.SpecsV1alpha1().HTTPRouteGroups(ns), &specsv1alpha1.HTTPRouteGroup{Matches: []specsv1alpha1.HTTPMatch{{Name: "m", PathRegex: "/a", Methods: []string{"GET"}}}}),
			doorOf("v1alpha2", specs.SpecsV1alpha2().HTTPRouteGroups(ns), &specsv1alpha2.HTTPRouteGroup{Matches: []specsv1alpha2.HTTPMatch{{Name: "m", Headers: headers}}}),
			doorOf("v1alpha3", specs.SpecsV1alpha3().HTTPRouteGroups(ns), &specsv1alpha3.HTTPRouteGroup{Spec: specsv1alpha3.HTTPRouteGroupSpec{Matches: []specsv1alpha3.HTTPMatch{{Name: "m", Headers: headers}}}}),
			doorOf("v1alpha4", specs.SpecsV1alpha4().HTTPRouteGroups(ns), &specsv1alpha4.HTTPRouteGroup{Spec: specsv1alpha4.HTTPRouteGroupSpec{Matches: []specsv1alpha4.HTTPMatch{{Name: "n"}, {Name: "m", Headers: headers}}}}),
		},
		"tcproute": {
			doorOf("v1alpha1", specs.SpecsV1alpha1().TCPRoutes(ns), &specsv1alpha1.TCPRoute{}),
			doorOf("v1alpha2", specs.SpecsV1alpha2().TCPRoutes(ns), &specsv1alpha2.TCPRoute{}),
			doorOf("v1alpha3", specs.SpecsV1alpha3().TCPRoutes(ns), &specsv1alpha3.TCPRoute{}),
			doorOf("v1alpha4", specs.SpecsV1alpha4().TCPRoutes(ns), &specsv1alpha4.TCPRoute{Spec: specsv1alpha4.TCPRouteSpec{Matches: specsv1alpha4.TCPMatch{Name: "p", Ports: []int{80, 81}}}}),
		},
		"udproute": {
			doorOf("v1alpha4", specs.SpecsV1alpha4().UDPRoutes(ns), &specsv1alpha4.UDPRoute{Spec: specsv1alpha4.UDPRouteSpec{Matches: specsv1alpha4.UDPMatch{Ports: []int{53}}}}),
		},
	}
	for kind, doors := range kinds {
		for _, author := range doors {
			t.Run(kind+" "+author.version, func(t *testing.T) {
				name := kind + "-" + author.version
				author.create(t, name)
				before := sortedHeaders(author.read(t, name))
				for _, other := range doors {
					other.touch(t, name)
				}
				if diff := cmp.Diff(before, sortedHeaders(author.read(t, name))); diff != "" {
					t.Errorf("it is not what its author wrote (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// sortedHeaders undoes the random order in which the generated types write
// headers.
func sortedHeaders(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
