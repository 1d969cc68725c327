package tests

import "embed"

// Manifests are the YAML files of the tests.
//
//go:embed *.yaml
var Manifests embed.FS
