#!/usr/bin/env bash
# openapi.sh: writes the names and the OpenAPI definitions of api/trafficmetrics, and the definitions of what Kubernetes'
# API servers answer with beside.
set -euo pipefail
cd "$(dirname "$0")/.."
package=api/trafficmetrics

generate() {
	go tool -modfile=tools/go.mod openapi-gen --go-header-file /dev/null --report-filename /dev/null \
		--output-dir "$package/openapi" --output-pkg "github.com/weft-mesh/weft/$package/openapi" \
		--output-file zz_generated.openapi.go "$@"
}

# Names are written beside the sources of all packages given, so these are weft's own alone.
generate --output-model-name-file zz_generated.model_name.go "./$package"
apimachinery=k8s.io/apimachinery/pkg
generate "./$package" "$apimachinery/apis/meta/v1" "$apimachinery/runtime" "$apimachinery/version" "$apimachinery/api/resource"
