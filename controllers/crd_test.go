package controllers

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

func parse(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err == nil {
		// As a client reads it: whole numbers are whole.
		err = utiljson.Unmarshal(raw, &u.Object)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return u
}

func namespace(t *testing.T, c client.Client, labels map[string]string) string {
	t.Helper()
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "t-", Labels: labels}}
	if err := c.Create(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	return n.Name
}

const (
	split  = "apiVersion: split.smi-spec.io/v1alpha4\nkind: TrafficSplit\nmetadata: {name: x}\n"
	target = "apiVersion: access.smi-spec.io/v1alpha3\nkind: TrafficTarget\nmetadata: {name: x}\n"
	group  = "apiVersion: specs.smi-spec.io/v1alpha4\nkind: HTTPRouteGroup\nmetadata: {name: x}\n"
	tcp    = "apiVersion: specs.smi-spec.io/v1alpha4\nkind: TCPRoute\nmetadata: {name: x}\n"
	udp    = "apiVersion: specs.smi-spec.io/v1alpha4\nkind: UDPRoute\nmetadata: {name: x}\n"
	mesh   = "apiVersion: weft.mesh/v1alpha1\nkind: MeshConfig\nmetadata: {name: weft}\n"
)

// The schemas refuse what OpenAPI and CEL can see; the rest is the validating
// webhook's.
func TestSchemas(t *testing.T) {
	c := needCluster(t)
	ns := namespace(t, c, nil)
	sa := "{kind: ServiceAccount, name: a}"
	tests := map[string]struct {
		text string
		want string // a part of the refusal; empty for an object that is accepted
	}{
		"split":                         {text: split + "spec: {service: web, backends: [{service: a, weight: 1}]}"},
		"split as a Go client sends it": {text: split + "spec: {service: web, backends: [{service: a, weight: 1}], matches: [{apiGroup: null, kind: HTTPRouteGroup, name: g}]}"},
		"split without spec":            {text: split, want: "spec: Required value"},
		"split without backends":        {text: split + "spec: {service: web, backends: []}", want: "spec.backends in body should have at least 1 items"},
		"negative weight":               {text: split + "spec: {service: web, backends: [{service: a, weight: -1}]}", want: "spec.backends[0].weight in body should be greater than or equal to 0"},
		"fractional weight":             {text: split + "spec: {service: web, backends: [{service: a, weight: 0.5}]}", want: "spec.backends[0].weight"},
		"weights beyond uint32":         {text: split + "spec: {service: web, backends: [{service: a, weight: 4294967295}, {service: b, weight: 1}]}", want: "the weights sum to more than 4294967295; scale them down"},
		"zero weights":                  {text: split + "spec: {service: web, backends: [{service: a, weight: 0}]}"},
		"a backend twice":               {text: split + "spec: {service: web, backends: [{service: a, weight: 0}, {service: a, weight: 0}]}"},
		"matches of another kind":       {text: split + "spec: {service: web, backends: [{service: a, weight: 1}], matches: [{kind: TCPRoute, name: g}]}", want: `supported values: "HTTPRouteGroup"`},
		"target":                        {text: target + "spec: {destination: " + sa + ", sources: [" + sa + "], rules: [{kind: TCPRoute, name: r}]}"},
		"target without sources":        {text: target + "spec: {destination: " + sa + ", sources: [], rules: [{kind: TCPRoute, name: r}]}", want: "spec.sources in body should have at least 1 items"},
		"target without rules":          {text: target + "spec: {destination: " + sa + ", sources: [" + sa + "]}", want: "spec.rules: Required value"},
		"target for a group":            {text: target + "spec: {destination: {kind: Group, name: a}, sources: [" + sa + "], rules: [{kind: TCPRoute, name: r}]}", want: `supported values: "ServiceAccount"`},
		"unknown kind of route":         {text: target + "spec: {destination: " + sa + ", sources: [" + sa + "], rules: [{kind: GRPCRoute, name: r}]}", want: `supported values: "HTTPRouteGroup", "TCPRoute", "UDPRoute"`},
		"group":                         {text: group + `spec: {matches: [{name: a, pathRegex: "/a/(b|c)", methods: [GET], headers: [{x-a: b}]}]}`},
		"headers as a map":              {text: group + "spec: {matches: [{name: a, headers: {x-a: b, x-b: c}}]}"},
		"group without matches":         {text: group + "spec: {matches: []}", want: "spec.matches in body should have at least 1 items"},
		"unknown method":                {text: group + "spec: {matches: [{name: a, methods: [FETCH]}]}", want: `Unsupported value: "FETCH"`},
		"bad regex":                     {text: group + `spec: {matches: [{name: a, pathRegex: "/(a"}]}`, want: "missing closing )"},
		"lookahead":                     {text: group + `spec: {matches: [{name: a, pathRegex: "/(?=a)"}]}`, want: "invalid or unsupported Perl syntax"},
		"two matches of a name":         {text: group + "spec: {matches: [{name: a}, {name: a}]}", want: `Duplicate value: {"name":"a"}`},
		"match without a name":          {text: group + "spec: {matches: [{pathRegex: /a}]}", want: "spec.matches[0].name: Required value"},
		"tcp":                           {text: tcp + "spec: {matches: {ports: [80]}}"},
		"tcp without spec":              {text: tcp},
		"tcp port out of range":         {text: tcp + "spec: {matches: {ports: [70000]}}", want: "should be less than or equal to 65535"},
		"udp":                           {text: udp + "spec: {matches: {ports: [53]}}"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			u := parse(t, tc.text)
			u.SetNamespace(ns)
			checkRefusal(t, c.Create(t.Context(), u, client.DryRunAll), tc.want)
		})
	}
}

func checkRefusal(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && err == nil:
		t.Errorf("accepted, want a refusal with %q", want)
	case err != nil && !strings.Contains(err.Error(), want):
		t.Errorf("got %v, want %q", err, want)
	}
}

// Trap 65: nothing that the specification lets be written is pruned.
func TestHeadersAreStoredAsTheyWereWritten(t *testing.T) {
	c := needCluster(t)
	u := parse(t, group+"spec: {matches: [{name: a, headers: {x-a: b}}, {name: b, headers: [{x-a: b}, {x-a: c}]}]}")
	u.SetNamespace(namespace(t, c, nil))
	if err := c.Create(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	fragment, diagnostics := convertSMI(u)
	if fragment == nil || len(diagnostics) > 0 {
		t.Errorf("got %v and %v of %v", fragment, diagnostics, u.Object["spec"])
	}
}

func TestMeshConfigSchema(t *testing.T) {
	c := needCluster(t)
	tests := map[string]struct{ text, want string }{
		"empty":            {text: mesh},
		"all set":          {text: mesh + "spec: {access: permissive, egress: deny, trustDomain: corp.example, certificate: {lifetime: 90m}}"},
		"unknown access":   {text: mesh + "spec: {access: open}", want: `supported values: "enforcing", "permissive"`},
		"unknown egress":   {text: mesh + "spec: {egress: maybe}", want: `supported values: "allow", "deny"`},
		"short lifetime":   {text: mesh + "spec: {certificate: {lifetime: 59s}}", want: "is less than 1m; write 1m or more"},
		"long lifetime":    {text: mesh + "spec: {certificate: {lifetime: 721h}}", want: "is more than 720h"},
		"no lifetime":      {text: mesh + "spec: {certificate: {lifetime: soon}}", want: "spec.certificate.lifetime in body should match"},
		"bad trust domain": {text: mesh + `spec: {trustDomain: "A b"}`, want: "spec.trustDomain in body should match"},
		"of another name":  {text: strings.Replace(mesh, "name: weft", "name: other", 1), want: "only the MeshConfig of the name weft is in force; name it so"},
		"no range":         {text: mesh + "spec: {serviceCIDRs: [10.96.0.0/12, fd00:10::/108, 10.0.0.1]}", want: "is no address range; write it as in 10.96.0.0/12"},
		"bits beyond":      {text: mesh + "spec: {serviceCIDRs: [10.96.0.1/12]}", want: "is no address range"},
		"ranges":           {text: mesh + "spec: {serviceCIDRs: [10.96.0.0/12, fd00:10::/108]}"},
		"unknown field":    {text: mesh + "spec: {acess: permissive}"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, c.Create(t.Context(), parse(t, tc.text), client.DryRunAll), tc.want)
		})
	}
}

func TestMeshConfigDefaultsAndItsTrustDomain(t *testing.T) {
	c := needCluster(t)
	u := parse(t, mesh)
	if err := c.Create(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Delete(context.Background(), u) })
	m, err := meshConfigOf(u)
	if err != nil {
		t.Fatal(err)
	}
	if m.Spec.Access != "enforcing" || m.Spec.Egress != "allow" || m.Spec.TrustDomain != "cluster.local" || m.Spec.Certificate.Lifetime.Hours() != 1 {
		t.Errorf("defaults: %+v", m.Spec)
	}
	if err := unstructured.SetNestedField(u.Object, "other", "spec", "trustDomain"); err != nil {
		t.Fatal(err)
	}
	checkRefusal(t, c.Update(t.Context(), u), "can't be changed once it is set")
}
