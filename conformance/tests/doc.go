// Package tests holds the conformance tests: for each a Go file, which registers it with the suite and says what is
// checked, and a YAML file of the same name with the objects that it applies.
//
// A test applies SMI objects and Services alone and calls between the suite's base fixtures, so that it takes seconds.
package tests
