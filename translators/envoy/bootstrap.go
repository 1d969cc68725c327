package envoy

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"strings"
	"text/template"
)

// RunDir is where the sidecar finds its bootstrap and its token: a projected
// volume.
const RunDir = "/run/weft"

// The files of RunDir.
const (
	BootstrapFile = "bootstrap.yaml"
	TokenFile     = "token"
	sdsTokenFile  = "sds-token.yaml"
	sdsRootFile   = "sds-root.yaml"
	metricsFile   = "metrics.lua"
	familiesFile  = "families"
)

// TokenAudience is the audience of the sidecar's token.
const TokenAudience = "weft"

// Bootstrap is what a sidecar must know before it has asked anybody. Nothing
// in it is of one pod.
type Bootstrap struct {
	// XDSHost and XDSPort are the control plane's address, ServerName the name
	// in its certificate.
	XDSHost    string
	XDSPort    uint16
	ServerName string
	// Roots are whom the control plane's certificate is verified by, in PEM. They
	// are in the file that names them: one of their own would be watched by another
	// inotify instance, of which a node has few.
	Roots []byte
	// Families are those that MetricsPath has beside Envoy's own figures. Sidecars
	// that run heed a change.
	Families []Family
	// IPv6 has the sidecar answer the kubelet over IPv6 as well.
	IPv6 bool
	// RunDir is RunDir but in tests.
	RunDir string
	// AdminPort, MetricsPort and ReadyPort are the constants but in tests.
	AdminPort, MetricsPort, ReadyPort uint16
}

// NewBootstrap is the bootstrap of every sidecar in the mesh.
func NewBootstrap(host string, port uint16) Bootstrap {
	return Bootstrap{
		XDSHost: host, XDSPort: port, ServerName: host, RunDir: RunDir,
		Families: Families(), AdminPort: AdminPort, MetricsPort: MetricsPort, ReadyPort: ReadyPort,
	}
}

// Eviction is StatsEviction, for the template.
func (Bootstrap) Eviction() int { return StatsEviction }

// InlineRoots are the roots as YAML holds bytes.
func (b Bootstrap) InlineRoots() string { return base64.StdEncoding.EncodeToString(b.Roots) }

// Names are those that the templates share with the rest of weft.
func (Bootstrap) Names() map[string]string { return metricsNames }

//go:embed bootstrap.yaml.tmpl
var bootstrapText string

//go:embed metrics.lua.tmpl
var metricsText string

//go:embed sds-token.yaml.tmpl
var sdsTokenText string

//go:embed sds-root.yaml.tmpl
var sdsRootText string

// BuildBootstrap gives the files of RunDir by name, but for the token.
func BuildBootstrap(b Bootstrap) (map[string]string, error) {
	files := map[string]string{}
	for name, text := range map[string]string{BootstrapFile: bootstrapText, metricsFile: metricsText, sdsTokenFile: sdsTokenText, sdsRootFile: sdsRootText} {
		t, err := template.New(name).Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		var out bytes.Buffer
		if err := t.Execute(&out, b); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files[name] = out.String()
	}
	var families strings.Builder
	for _, f := range b.Families {
		families.WriteString(string(f) + "\n")
	}
	files[familiesFile] = families.String()
	return files, nil
}
