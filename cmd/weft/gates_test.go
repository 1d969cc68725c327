package main

import "testing"

func TestGates(t *testing.T) {
	tests := map[string]struct {
		written map[string]string
		on      bool
		err     string
	}{
		"off by default": {nil, false, ""},
		"on":             {map[string]string{"IdentityBinding": "true"}, true, ""},
		"off":            {map[string]string{"IdentityBinding": "false"}, false, ""},
		"neither":        {map[string]string{"IdentityBinding": "yes"}, false, `feature gate IdentityBinding: "yes" is neither true nor false`},
		"unknown":        {map[string]string{"Everything": "true"}, false, `feature gate "Everything" does not exist; the only one is IdentityBinding`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			gates, err := parseGates(test.written)
			if gates.IdentityBinding != test.on {
				t.Errorf("IdentityBinding is %t, want %t", gates.IdentityBinding, test.on)
			}
			if got := text(err); got != test.err {
				t.Errorf("error %q, want %q", got, test.err)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
