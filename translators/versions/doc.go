// Package versions converts SMI objects between the versions of their kind.
//
// It owns which versions there are, how each is shaped, and the annotation
// that holds what a version can't: nothing is lost on the way to another
// version and back. What an object means is translators/smi's to tell.
//
// Every conversion goes through the latest version of a kind, the one that is
// stored. It is pure and total: what can't be understood is carried over as it
// stands, so that no stored object ever becomes unreadable.
//
// webhooks answer the API server with it, translators/smi reads old versions by
// it, controllers choose the version that they watch.
package versions
