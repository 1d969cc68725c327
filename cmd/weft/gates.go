package main

import (
	"fmt"
	"strconv"

	"github.com/weft-mesh/weft/controllers"
)

// parseGates reads --feature-gates, as "IdentityBinding=true". The error names
// the gate.
func parseGates(written map[string]string) (controllers.Gates, error) {
	var gates controllers.Gates
	for name, value := range written {
		on, err := strconv.ParseBool(value)
		if err != nil {
			return gates, fmt.Errorf("feature gate %s: %q is neither true nor false", name, value)
		}
		switch name {
		case "IdentityBinding":
			gates.IdentityBinding = on
		default:
			return gates, fmt.Errorf("feature gate %q does not exist; the only one is IdentityBinding", name)
		}
	}
	return gates, nil
}
