package identity

import (
	"errors"
	"fmt"
)

// maxTrustDomain is the SPIFFE limit of a trust domain's length.
const maxTrustDomain = 255

// ValidateTrustDomain checks a trust domain by the SPIFFE ID specification, §2.1.
func ValidateTrustDomain(td string) error {
	if td == "" {
		return errors.New("the trust domain is empty")
	}
	if len(td) > maxTrustDomain {
		return fmt.Errorf("the trust domain has %d characters, %d are allowed", len(td), maxTrustDomain)
	}
	for _, r := range td {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
		default:
			return fmt.Errorf("trust domain %q: %q is not allowed; use a-z, 0-9, '.', '-' and '_'", td, r)
		}
	}
	return nil
}
