// Package tutorial reads the commands of a page of docs, and runs them as a reader would: from top to bottom, in one
// folder, with the variables that earlier commands have set.
//
// A fenced block of the language sh is run; all other blocks are for the eye. The comment <!-- not run: reason -->
// right before a block leaves it out. Suites in test call it; it knows nothing of Kubernetes.
package tutorial
