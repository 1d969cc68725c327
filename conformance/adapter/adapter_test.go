package adapter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weft-mesh/weft/conformance/features"
)

const minimal = `
implementation: {organization: o, project: p, url: https://example.com, version: "1"}
mesh: {join: {namespace: {labels: {mesh: "on"}}}}
access: {deny: {}, allow: {}}
`

func TestEveryAdapterLoads(t *testing.T) {
	files, err := filepath.Glob("../adapters/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no adapters: %v", err)
	}
	for _, file := range files {
		if _, err := Load(file); err != nil {
			t.Error(err)
		}
	}
}

func TestSketchesOfTheREADMEAreAdapters(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, block := range strings.Split(string(text), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if !strings.HasPrefix(block, "implementation:") {
			continue
		}
		found++
		a, err := Parse([]byte(block))
		if err != nil {
			t.Errorf("%v in\n%s", err, block)
		}
		for name := range a.Skip {
			if _, ok := features.ByName(features.Name(name)); !ok {
				t.Errorf("%s skips %s, which is no feature", a.Implementation.Project, name)
			}
		}
	}
	if found < 3 {
		t.Errorf("%d sketches were found", found)
	}
}

func TestWhatIsLeftOutHasADefault(t *testing.T) {
	a, err := Parse([]byte(minimal))
	if err != nil {
		t.Fatal(err)
	}
	if a.Settings.Confidence != 0.999 || a.Settings.Convergence.Duration != time.Minute || a.Settings.Stable != 3 {
		t.Errorf("settings: %+v", a.Settings)
	}
	if a.Actors.Image == "" || a.Actors.PullPolicy != "IfNotPresent" {
		t.Errorf("actors: %+v", a.Actors)
	}
	if a.Ports.HTTP != (Port{"http", "http"}) || a.Ports.TCP != (Port{Name: "tcp"}) {
		t.Errorf("ports: %+v", a.Ports)
	}
}

func TestWhatIsSaidHolds(t *testing.T) {
	a, err := Parse([]byte(minimal + `
settings: {confidence: 0.99, convergence: 90s, stable: 5}
ports: {http: {name: web}}
skip: {SplitTCP: TCP is passed on unsplit}
`))
	if err != nil {
		t.Fatal(err)
	}
	if a.Settings.Confidence != 0.99 || a.Settings.Convergence.Duration != 90*time.Second || a.Settings.Stable != 5 {
		t.Errorf("settings: %+v", a.Settings)
	}
	if a.Ports.HTTP != (Port{Name: "web"}) {
		t.Errorf("a name alone means no appProtocol: %+v", a.Ports.HTTP)
	}
	if a.Skip["SplitTCP"] == "" {
		t.Errorf("skip: %v", a.Skip)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a field that does not exist":        {minimal + "settings: {retries: 5}\n", `unknown field "settings.retries"`},
		"one at the top":                     {minimal + "setings: {}\n", `unknown field "setings"`},
		"a field that is there twice":        {minimal + "mesh: {}\n", `key "mesh" already set`},
		"no version":                         {strings.Replace(minimal, `, version: "1"`, "", 1), "implementation.version is missing"},
		"no reason for a skip":               {minimal + "skip: {SplitTCP: ''}\n", "skip.SplitTCP has no reason"},
		"a label that no API server takes":   {strings.Replace(minimal, `mesh: "on"`, `"a b": "on"`, 1), "mesh.join.namespace.labels"},
		"an annotation that none takes":      {strings.Replace(minimal, "deny: {}", `deny: {pod: {annotations: {"a b": x}}}`, 1), "access.deny.pod.annotations"},
		"a manifest that does not parse":     {strings.Replace(minimal, "deny: {}", `deny: {manifest: "{{.Namespace"}`, 1), "access.deny.manifest"},
		"a manifest that asks for the wrong": {strings.Replace(minimal, "deny: {}", `deny: {manifest: "{{.Nmspace}}"}`, 1), "access.deny.manifest"},
		"a confidence of all":                {minimal + "settings: {confidence: 1}\n", "settings.confidence is 1"},
		"a time without a unit":              {minimal + "settings: {convergence: 5}\n", "convergence"},
		"a port name that is none":           {minimal + "ports: {http: {name: HTTP_1}}\n", `ports.http.name "HTTP_1"`},
		"an object to wait for without name": {minimal + "ready: [{apiVersion: v1, kind: Pod}]\n", "ready[0] needs"},
	} {
		_, err := Parse([]byte(c.text))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	if _, err := Load("no/such.yaml"); err == nil || !strings.Contains(err.Error(), "no/such.yaml") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestManifestsGetTheirNamespace(t *testing.T) {
	text, err := Membership{Manifest: "metadata: {namespace: {{.Namespace}}}"}.Objects("smi-main")
	if err != nil || text != "metadata: {namespace: smi-main}" {
		t.Errorf("got %q, %v", text, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte("{"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		if a, err := Parse(data); err == nil {
			_, _ = a.Access.Deny.Objects("n")
		}
	})
}
