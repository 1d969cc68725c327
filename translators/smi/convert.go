package smi

import (
	"encoding/json"
	"errors"
	"fmt"

	accessv1alpha3 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/access/v1alpha3"
	specsv1alpha4 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/specs/v1alpha4"
	splitv1alpha4 "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/split/v1alpha4"
	"sigs.k8s.io/yaml"

	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/versions"
)

// ErrUnknownKind is the answer to an object that is not SMI, or of a version
// that is not read.
var ErrUnknownKind = errors.New("not an SMI object of a version that is read")

// Convert turns an SMI object of any version, as the API server holds it, into
// its fragment. The fragment is nil where nothing of the object can be in force.
// Diagnostics name fields as the object's own version does. The error is
// ErrUnknownKind, of an object that is not the package's business.
func Convert(object map[string]any) (model.Fragment, []model.Diagnostic, error) {
	root := node{value: object}
	kind := model.Kind(root.field("kind").textOrEmpty())
	version := root.field("apiVersion").textOrEmpty()
	if !versions.Known(kind, version) {
		return nil, nil, fmt.Errorf("%s %s: %w", version, kind, ErrUnknownKind)
	}
	latest, err := versions.Convert(object, versions.Latest(kind))
	if err != nil {
		return nil, nil, err
	}
	fragment, diagnostics := read(kind, node{value: latest})
	if versions.Quantities(kind, version) {
		diagnostics = quantityDiagnostics(root, diagnostics)
	}
	for i := range diagnostics {
		diagnostics[i].Field = versions.Field(kind, version, diagnostics[i].Field)
	}
	return fragment, diagnostics, nil
}

// read is Convert for the latest version of a kind.
func read(kind model.Kind, root node) (model.Fragment, []model.Diagnostic) {
	switch kind {
	case model.KindTrafficSplit:
		return generic(split(root))
	case model.KindTrafficTarget:
		return generic(target(root))
	case model.KindHTTPRouteGroup:
		return generic(routeGroup(root))
	case model.KindIdentityBinding:
		return generic(identityBinding(root))
	default:
		return generic(portRoute(kind, root))
	}
}

// ConvertYAML is Convert for the text of one object, YAML or JSON.
func ConvertYAML(text []byte) (model.Fragment, []model.Diagnostic, error) {
	var object map[string]any
	if err := yaml.Unmarshal(text, &object); err != nil {
		return nil, nil, fmt.Errorf("parse object: %w", err)
	}
	return Convert(object)
}

// generic keeps a typed nil out of the interface.
func generic[T any, P interface {
	*T
	model.Fragment
}](fragment P, diagnostics []model.Diagnostic) (model.Fragment, []model.Diagnostic) {
	if fragment == nil {
		return nil, diagnostics
	}
	return fragment, diagnostics
}

// Split converts a TrafficSplit.
func Split(object *splitv1alpha4.TrafficSplit) (*model.Split, []model.Diagnostic) {
	return split(treeOf(object))
}

// Target converts a TrafficTarget.
func Target(object *accessv1alpha3.TrafficTarget) (*model.Target, []model.Diagnostic) {
	return target(treeOf(object))
}

// RouteGroup converts an HTTPRouteGroup.
func RouteGroup(object *specsv1alpha4.HTTPRouteGroup) (*model.RouteGroup, []model.Diagnostic) {
	return routeGroup(treeOf(object))
}

// TCPRoute converts a TCPRoute.
func TCPRoute(object *specsv1alpha4.TCPRoute) (*model.PortRoute, []model.Diagnostic) {
	return portRoute(model.KindTCPRoute, treeOf(object))
}

// UDPRoute converts a UDPRoute.
func UDPRoute(object *specsv1alpha4.UDPRoute) (*model.PortRoute, []model.Diagnostic) {
	return portRoute(model.KindUDPRoute, treeOf(object))
}

// treeOf gives a typed object the form in which the API server holds it, so
// that there is one reading of each kind.
func treeOf(object any) node {
	var tree any
	if text, err := json.Marshal(object); err == nil {
		// What Marshal wrote, Unmarshal reads.
		_ = json.Unmarshal(text, &tree)
	}
	return node{value: tree}
}
