package features

import (
	"cmp"
	"fmt"
	"slices"
)

// Name names a feature in tests, labels, adapters and reports.
type Name string

// Profile is one of the four APIs of the specification.
type Profile string

// The profiles.
const (
	ACCESS  Profile = "ACCESS"
	SPECS   Profile = "SPECS"
	SPLIT   Profile = "SPLIT"
	METRICS Profile = "METRICS"
)

// Profiles lists the profiles in the order of reports.
func Profiles() []Profile { return []Profile{ACCESS, SPECS, SPLIT, METRICS} }

// Level tells what a user can't live without from the rest.
type Level string

// The levels. Core is what the latest stable versions are for; extended is older versions, UDP and corner cases.
const (
	Core     Level = "core"
	Extended Level = "extended"
)

// Feature is one thing that the specification asks for.
type Feature struct {
	Name    Name    `json:"name"`
	Profile Profile `json:"profile"`
	Level   Level   `json:"level"`
	// Statement is the sentence that binds, quoted where it is short, else in our words.
	Statement string `json:"statement"`
	// Source is the page of the specification and the section where the sentence stands.
	Source string `json:"source"`
}

// catalogue holds the features by name. Each profile's file fills its part.
var catalogue = map[Name]Feature{}

// add is called while the package is initialised. Two features of one name are a defect of this package.
func add(profile Profile, features ...Feature) {
	for _, f := range features {
		f.Profile = profile
		if _, taken := catalogue[f.Name]; taken {
			panic(fmt.Sprintf("feature %s is in the catalogue twice", f.Name))
		}
		catalogue[f.Name] = f
	}
}

// All lists the features by profile, level and name.
func All() []Feature {
	all := make([]Feature, 0, len(catalogue))
	for _, f := range catalogue {
		all = append(all, f)
	}
	order := Profiles()
	slices.SortFunc(all, func(a, b Feature) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a.Profile), slices.Index(order, b.Profile)),
			cmp.Compare(a.Level, b.Level),
			cmp.Compare(a.Name, b.Name))
	})
	return all
}

// ByName finds a feature.
func ByName(name Name) (Feature, bool) {
	f, ok := catalogue[name]
	return f, ok
}
