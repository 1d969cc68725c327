// Package identity proves who a pod is and gives it the certificate that says
// so.
//
// It owns the certificate authority (CA, Authority), the certificates that it
// issues to workloads, to the controller's own servers and to its replicas, the
// times at which they are renewed, and the check of ServiceAccount tokens
// (TokenAuthenticator).
//
// It does not own the Secret that holds the CA's key (controllers keep it), nor
// how a certificate reaches a proxy (internal/xds does that). It keeps no
// goroutine running, and reads the time from a clock that is given to it.
package identity
