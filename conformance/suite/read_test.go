package suite

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/weft-mesh/weft/conformance/adapter"
)

func TestReadAsksByTheRightsOfTheToken(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer admin" {
			w.WriteHeader(http.StatusForbidden)
		}
		_, _ = w.Write([]byte(`{"path": "` + r.URL.RequestURI() + `"}`))
	}))
	defer server.Close()
	c := &cluster{config: &rest.Config{Host: server.URL, BearerToken: "admin"}}
	var got struct{ Path string }
	if err := c.read(t.Context(), "", "/apis/x?a=b").Into(&got); err != nil || got.Path != "/apis/x?a=b" {
		t.Errorf("%+v, %v", got, err)
	}
	r := c.read(t.Context(), "somebody", "/apis/x")
	if err := r.Into(&got); r.Code != http.StatusForbidden || err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("%d: %v", r.Code, err)
	}
	server.Close()
	if err := c.read(t.Context(), "", "/apis/x").Into(&got); err == nil {
		t.Error("a server that is gone is no error")
	}
	if err := (Reply{Code: http.StatusOK, Body: []byte("<html>")}).Into(&got); err == nil || !strings.Contains(err.Error(), "<html>") {
		t.Errorf("what is no JSON: %v", err)
	}
}

func TestFurtherPodsJoinTheMeshLikeTheOthers(t *testing.T) {
	p := place{name: namespaceMain, memberships: []adapter.Membership{{Pod: adapter.Metadata{Labels: map[string]string{"mesh": "yes"}}}}}
	text, err := p.podTemplate(adapter.Adapter{Actors: adapter.Actors{Image: "image"}}, workload{Name: "x", Version: "x"},
		podOptions{"default", "further", corev1.RestartPolicyNever})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, "\n") {
		t.Errorf("it does not fit into a line of YAML: %s", text)
	}
	for _, want := range []string{`"mesh":"yes"`, `"app":"x"`, `"role":"further"`, `"image":"image"`, `"restartPolicy":"Never"`, `"serviceAccountName":"default"`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
}
