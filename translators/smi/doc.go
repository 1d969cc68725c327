// Package smi turns SMI objects into model fragments and diagnostics.
//
// It owns what the specification says of one object by itself: defaults,
// spellings, bounds, and what is refused. Whether the named services and routes
// exist is translators/resolve's to tell. It is pure, and tolerant: an object of
// any shape gives diagnostics, never an error of another object and no panic.
//
// A wrong entry of a list is left out and the rest stays in force, but only
// where that narrows what is allowed or matched. Every wrong entry makes the
// object Accepted=False, so that an author sees it; warnings do not. A nil
// fragment means that nothing of the object is in force.
//
// The controllers call Convert for every object, webhooks/validate to answer
// an author before it is stored.
package smi
