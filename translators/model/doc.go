// Package model holds the values that flow through weft: fragments, which the
// controllers make of Kubernetes objects, and views, which the translators make
// of fragments and which alone decide the bytes that Envoy gets.
//
// It owns no behaviour beyond comparing, ordering and printing its values. It
// imports neither Kubernetes nor Envoy: translators/smi meets the one
// vocabulary, translators/envoy the other. Everybody imports model; model
// imports nobody.
package model
