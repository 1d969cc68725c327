package identity

import "time"

// renewJitter is the part of a certificate's life within which renewals are
// spread, so that pods that started together do not renew together.
const renewJitter = 0.1

// RenewAt is when a certificate is to be replaced: at half of its life, up to a
// tenth of the life earlier. random lies in [0, 1).
func RenewAt(notBefore, notAfter time.Time, random float64) time.Time {
	life := notAfter.Sub(notBefore)
	if life <= 0 {
		return notBefore
	}
	return notBefore.Add(life/2 - time.Duration(float64(life)*renewJitter*random))
}
