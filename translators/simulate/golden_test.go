package simulate

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/kube"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/resolve"
	"github.com/weft-mesh/weft/translators/smi"
)

var update = flag.Bool("update", false, "rewrite the expected outputs of the cases in translators/testdata")

const cases = "../testdata"

// call is one line of calls.yaml; Want is what becomes of it.
type call struct {
	From    string            `json:"from"`
	To      string            `json:"to"`
	UDP     bool              `json:"udp,omitempty"`
	Method  string            `json:"method,omitempty"`
	Path    string            `json:"path,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Want    string            `json:"want"`
}

// TestGolden walks translators/testdata: a folder is a behaviour, in.yaml what
// a user writes over one of the bases, calls.yaml what becomes of calls, and
// diagnostics.txt what the user is told.
func TestGolden(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(cases, "*", "in.yaml"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	all, err := os.ReadDir(cases)
	if err != nil || len(all) != len(dirs)+1 {
		t.Errorf("%d folders besides bases, but %d cases: one has no in.yaml (%v)", len(all)-1, len(dirs), err)
	}
	for _, in := range dirs {
		dir := filepath.Dir(in)
		t.Run(filepath.Base(dir), func(t *testing.T) { golden(t, dir) })
	}
}

func golden(t *testing.T, dir string) {
	fragments, diagnostics := load(t, filepath.Join(cases, "bases", "shop.yaml"), filepath.Join(dir, "in.yaml"))
	var calls []call
	if err := sigsyaml.UnmarshalStrict(read(t, filepath.Join(dir, "calls.yaml")), &calls); err != nil {
		t.Fatalf("calls.yaml: %v", err)
	}
	g := graph(fragments)
	for i, c := range calls {
		got := run(t, g, c)
		if shuffled := run(t, graph(shuffle(fragments, uint64(i))), c); shuffled != got {
			t.Errorf("%s -> %s: %q, but %q when the objects come in another order", c.From, c.To, got, shuffled)
		}
		if !*update && got != c.Want {
			t.Errorf("%s -> %s %s %s: got %q, want %q", c.From, c.To, c.Method, c.Path, got, c.Want)
		}
		calls[i].Want = got
	}
	for _, f := range fragments {
		diagnostics = append(diagnostics, g.Diagnose(f.Ref())...)
	}
	told := tell(diagnostics)
	file := filepath.Join(dir, "diagnostics.txt")
	if *update {
		write(t, filepath.Join(dir, "calls.yaml"), calls)
		if err := os.WriteFile(file, []byte(told), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := string(read(t, file)); told != want {
		t.Errorf("the user is told\n%s\nwant\n%s", told, want)
	}
}

func run(t *testing.T, g *resolve.Graph, c call) string {
	t.Helper()
	to, err := netip.ParseAddrPort(c.To)
	if err != nil {
		host, port, _ := strings.Cut(c.To, ":")
		var number uint16
		if _, err := fmt.Sscan(port, &number); err != nil {
			t.Fatalf("to: %q: want name:port or address:port", c.To)
		}
		to = netip.AddrPortFrom(address(t, g, key(host)), number)
	}
	r, err := Run(g, key(c.From), Call{UDP: c.UDP, To: to, Method: c.Method, Path: c.Path, Headers: c.Headers})
	if err != nil {
		t.Fatalf("%s -> %s: %v", c.From, c.To, err)
	}
	return r.String()
}

// key reads "name" of namespace shop, or "namespace/name".
func key(s string) model.Key {
	if ns, name, ok := strings.Cut(s, "/"); ok {
		return model.Key{Namespace: ns, Name: name}
	}
	return model.Key{Namespace: "shop", Name: s}
}

// address is that of a Service, or of a pod.
func address(t *testing.T, g *resolve.Graph, k model.Key) netip.Addr {
	t.Helper()
	if s, ok := g.Fragment(model.Ref{Kind: model.KindService, Key: k}).(*model.Service); ok && len(s.Addresses) > 0 {
		return s.Addresses[0]
	}
	if p := g.Pod(k); p != nil && len(p.Addresses) > 0 {
		return p.Addresses[0]
	}
	t.Fatalf("to: neither Service nor pod %s has an address", k)
	return netip.Addr{}
}

func graph(fragments []model.Fragment) *resolve.Graph {
	g := resolve.NewGraph()
	for _, f := range fragments {
		g.Put(f)
	}
	return g
}

func shuffle(fs []model.Fragment, seed uint64) []model.Fragment {
	fs = slices.Clone(fs)
	rand.New(rand.NewPCG(seed, 9)).Shuffle(len(fs), func(i, j int) { fs[i], fs[j] = fs[j], fs[i] })
	return fs
}

// tell prints diagnostics, sorted.
func tell(ds []model.Diagnostic) string {
	lines := map[string]bool{}
	for _, d := range ds {
		state := "False"
		if d.Warning {
			state = "True"
		}
		lines[fmt.Sprintf("%s: %s=%s %s: %s\n", d.Object, d.Condition, state, d.Reason, d.Text())] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(lines)), "")
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil && !(*update && errors.Is(err, os.ErrNotExist)) {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, file string, v any) {
	t.Helper()
	b, err := sigsyaml.Marshal(v)
	if err == nil {
		err = os.WriteFile(file, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// load reads objects from files, and makes the EndpointSlices of the Services
// among them as Kubernetes would.
func load(t testing.TB, files ...string) ([]model.Fragment, []model.Diagnostic) {
	t.Helper()
	var l loader
	for _, file := range files {
		docs := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(read(t, file))))
		for {
			doc := make([]byte, 1<<20)
			n, err := docs.Read(doc)
			if errors.Is(err, io.EOF) {
				break
			}
			if err == nil {
				err = l.add(doc[:n])
			}
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
		}
	}
	return l.finish(), l.diagnostics
}

type loader struct {
	fragments   []model.Fragment
	diagnostics []model.Diagnostic
	services    []*corev1.Service
	pods        []*corev1.Pod
	slices      []*discoveryv1.EndpointSlice
}

func (l *loader) add(doc []byte) error {
	var kind struct {
		Kind string `json:"kind"`
	}
	if err := sigsyaml.Unmarshal(doc, &kind); err != nil {
		return fmt.Errorf("parse object: %w", err)
	}
	switch kind.Kind {
	case "":
		return nil
	case "Namespace":
		var n corev1.Namespace
		err := sigsyaml.Unmarshal(doc, &n)
		f, ds := kube.Namespace(&n)
		l.fragments, l.diagnostics = append(l.fragments, f), append(l.diagnostics, ds...)
		return err
	case "MeshConfig":
		var m v1alpha1.MeshConfig
		err := sigsyaml.Unmarshal(doc, &m)
		f, ds := kube.Mesh(&m)
		l.fragments, l.diagnostics = append(l.fragments, f), append(l.diagnostics, ds...)
		return err
	case "Service":
		s := &corev1.Service{}
		l.services = append(l.services, s)
		return sigsyaml.Unmarshal(doc, s)
	case "EndpointSlice": // of a Service without a selector
		s := &discoveryv1.EndpointSlice{}
		l.slices = append(l.slices, s)
		return sigsyaml.Unmarshal(doc, s)
	case "Pod":
		p := &corev1.Pod{}
		l.pods = append(l.pods, p)
		return sigsyaml.Unmarshal(doc, p)
	}
	f, ds, err := smi.ConvertYAML(doc)
	if f != nil {
		l.fragments = append(l.fragments, f)
	}
	l.diagnostics = append(l.diagnostics, ds...)
	return err
}

func (l *loader) finish() []model.Fragment {
	for _, p := range l.pods {
		if f, _ := kube.Pod(p); f != nil {
			l.fragments = append(l.fragments, f)
		}
	}
	for _, s := range l.slices {
		l.fragments = append(l.fragments, kube.EndpointSlice(s))
	}
	for _, s := range l.services {
		l.fragments = append(l.fragments, kube.Service(s))
		for _, p := range l.pods {
			if selects(s, p) {
				l.fragments = append(l.fragments, sliceOf(s, p))
			}
		}
	}
	return l.fragments
}

func selects(s *corev1.Service, p *corev1.Pod) bool {
	for k, v := range s.Spec.Selector {
		if p.Labels[k] != v {
			return false
		}
	}
	return s.Namespace == p.Namespace && len(s.Spec.Selector) > 0
}

// sliceOf has one endpoint: a pod, at the ports that the Service means in it.
func sliceOf(s *corev1.Service, p *corev1.Pod) *model.EndpointSlice {
	slice := &model.EndpointSlice{
		Key:     model.Key{Namespace: s.Namespace, Name: s.Name + "-" + p.Name},
		Service: model.Key{Namespace: s.Namespace, Name: s.Name},
		Endpoints: []model.Address{{
			Addr: netip.MustParseAddr(p.Status.PodIP), Serve: true, Pod: model.Key{Namespace: p.Namespace, Name: p.Name},
		}},
	}
	for _, port := range s.Spec.Ports {
		number := port.TargetPort.IntVal
		for _, c := range p.Spec.Containers {
			for _, cp := range c.Ports {
				if port.TargetPort.StrVal != "" && cp.Name == port.TargetPort.StrVal {
					number = cp.ContainerPort
				}
			}
		}
		if number == 0 {
			number = port.Port
		}
		slice.Ports = append(slice.Ports, model.TargetPort{Name: port.Name, Number: uint16(number), UDP: port.Protocol == corev1.ProtocolUDP})
	}
	return slice
}
