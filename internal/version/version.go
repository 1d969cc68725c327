// Package version says which build of weft this is.
package version

// Version is set by the linker: -X …/internal/version.Version=v1.2.3.
var Version = "dev"
