// Package features is the catalogue of what the Service Mesh Interface asks of a mesh: one feature for each sentence
// that binds an implementation, with the place where it stands.
//
// It is data and imports nothing: tests name the features that they prove, reports list them, and another project may
// use the catalogue without the suite. It does not know how a feature is tested, nor whether a mesh has it.
package features
