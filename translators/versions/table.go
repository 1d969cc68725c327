package versions

import (
	"slices"
	"strings"

	"github.com/weft-mesh/weft/translators/model"
)

// The groups of SMI's kinds.
const (
	AccessGroup = "access.smi-spec.io"
	SpecsGroup  = "specs.smi-spec.io"
	SplitGroup  = "split.smi-spec.io"
)

// family is one kind and its versions, oldest first. The last that is no draft
// is the hub: the version that is stored.
type family struct {
	group    string
	versions []version
}

// version tells how one version of a kind differs from the hub. A nil function
// is one that has nothing to do.
type version struct {
	name string
	up   func(*work)
	down func(*work)
	// draft is a version that the specification never released, and that is
	// shaped as the hub is.
	draft bool
	// fields maps prefixes of paths in the hub to those of this version.
	fields []rename
}

type rename struct{ hub, here string }

var families = map[model.Kind]family{
	model.KindTrafficSplit: {SplitGroup, []version{
		{name: "v1alpha1", up: splitV1Up, down: splitV1Down},
		{name: "v1alpha2", up: splitV2Up, down: splitV2Down},
		{name: "v1alpha3"},
		{name: "v1alpha4"},
	}},
	model.KindTrafficTarget: {AccessGroup, []version{
		{name: "v1alpha1", up: targetV1Up, down: targetV1Down, fields: []rename{
			{"spec.rules", "specs"}, {"spec.destination", "destination"}, {"spec.sources", "sources"}, {"spec", ""},
		}},
		{name: "v1alpha2", up: targetV2Up, down: targetV2Down},
		{name: "v1alpha3", fields: []rename{{PortField, "metadata.annotations[" + Annotation + "]"}}},
		{name: "v1alpha4", draft: true}, // config/experimental serves it
	}},
	model.KindHTTPRouteGroup: {SpecsGroup, []version{
		{name: "v1alpha1", up: groupV1Up, down: groupV1Down, fields: flatGroup},
		{name: "v1alpha2", up: groupV2Up, down: groupV2Down, fields: flatGroup},
		{name: "v1alpha3"},
		{name: "v1alpha4"},
	}},
	model.KindTCPRoute: {SpecsGroup, []version{
		{name: "v1alpha1", up: tcpV1Up, down: tcpV1Down},
		{name: "v1alpha2", up: tcpV1Up, down: tcpV1Down},
		{name: "v1alpha3", up: tcpV3Up, down: tcpV3Down},
		{name: "v1alpha4"},
	}},
	model.KindUDPRoute:        {SpecsGroup, []version{{name: "v1alpha4"}}},
	model.KindIdentityBinding: {AccessGroup, []version{{name: "v1alpha4"}}},
}

var flatGroup = []rename{{"spec.matches", "matches"}, {"spec", ""}}

// Of lists the versions of a kind, oldest first, without drafts; none of another
// kind.
func Of(kind model.Kind) []string {
	var names []string
	for _, v := range families[kind].versions {
		if !v.draft {
			names = append(names, v.name)
		}
	}
	return names
}

// Group is the API group of a kind.
func Group(kind model.Kind) string { return families[kind].group }

// Latest is the API version in which a kind is stored and read; empty for
// another kind.
func Latest(kind model.Kind) string {
	f, ok := families[kind]
	if !ok {
		return ""
	}
	return f.group + "/" + f.hub().name
}

// Known tells whether there is such a version of a kind.
func Known(kind model.Kind, apiVersion string) bool {
	_, ok := families[kind].find(apiVersion)
	return ok
}

// Field gives a path in the latest version as it is named in another.
func Field(kind model.Kind, apiVersion, path string) string {
	v, ok := families[kind].find(apiVersion)
	if !ok {
		return path
	}
	for _, r := range v.fields {
		rest, found := strings.CutPrefix(path, r.hub)
		if found && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return strings.TrimPrefix(r.here+rest, ".")
		}
	}
	return path
}

func (f family) hub() version {
	hub := f.versions[len(f.versions)-1]
	for _, v := range f.versions {
		if !v.draft {
			hub = v
		}
	}
	return hub
}

func (f family) find(apiVersion string) (version, bool) {
	group, name, ok := strings.Cut(apiVersion, "/")
	if !ok || f.group == "" || group != f.group {
		return version{}, false
	}
	i := slices.IndexFunc(f.versions, func(v version) bool { return v.name == name })
	if i < 0 {
		return version{}, false
	}
	return f.versions[i], true
}
