package envoytest

import (
	"math/rand/v2"
	"strings"
)

// PathRules are of every shape that a policy tells apart.
var PathRules = []string{
	"/public/", "/public", "/a", "/api/v1/.*", "/public/.+", "/public/(.+)$", "/public(/.*)?$", "(/public/|/api/)", "/public/|/a/b", "/[a-z]+/", "/[a-z]+$",
	"/items/[0-9]+", "/items/[0-9]+$", "/users/[^/]+$", "/users/[^/]+/public$", "/users/[^/]*/public", ".*/public/", ".*/late$", "/a.*z", "/a/.*/b", "/a.b",
	`/public/\w+`, `/public/\w+$`, `/public/[\w%]+$`, `/public/[a-f0-9%]+$`, `/public/[^a]+$`, `/a\b`, `/a\B`, "(?i)/public/", "(?i)/[a-k]+/x$", "/a{2,3}$",
	"/[^/]{2}$", "/([^/]{2})+$", "/(a|[^/]+)/x", "/[^.]+$", "/[^.]*\\.png$", "/a(/[^/]+)*$", "/a(/.*)*$", "/a/(b/)?c", "/[/a]+$", "/a/(/b)?", "/.+/x", "/(public|api)/.+$",
	`/[^\d]+$`, "/~[a-z]+/", "/v1.0/", "(?U)/a.*b$", "/a(?:b|[^/])$", "/public/?$", "/$", "^/public/[^;]+$", `[^\s\S]`, "/[a-z;]+/x$", "/[a-z%;\\\\]+/x$",
}

var pathPieces = []string{
	"/", "/", "/", "//", "a", "b", "z", "x", "ab", "public", "admin", "api", "v1", "users", "items", "late", "1", "42", ".", ".", "..", "..", "...", ".png",
	"%2e", "%2E", "%252e", "%25252e", "%2f", "%2F", "%5c", `\`, "%252f", ";", ";x=1", "..;", "%3b", "%00", "%20", "%09", "%0a", "%3f", "%23", "%c0%ae", "%c0%af",
	"%c0", "%e0%80%ae", "%f0%80%80%ae", "%u002e", "%u2215", "%ef%bc%8e", "%ef%bc%8f", "%ef%bc%9b", "%e2%80%a5", "%E2%80%A4", "%efbc8e", "%e2%80%25a5", "%25", "%2", "%",
	"%41", "%61", "%62", "%7A", "%7E", "%2561", "%C3%A9", "%e6%96%87", "%ff", "%E9", "+", "%2b", "~", "@", "%40", "%3A", "%2561", "%%32e", "%25%32%65", "%ef%bc%852e", ":", "u002e",
}

// AnyPath is a path of pieces that parsers differ on.
func AnyPath(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString([]string{"/", "/public/", "/users/", "/items/", "/a/", "/a", "/public", "//"}[r.IntN(8)])
	for range r.IntN(8) {
		b.WriteString(pathPieces[r.IntN(len(pathPieces))])
	}
	return b.String()
}
