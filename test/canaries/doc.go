// Package canaries tests that products that speak SMI release by weft, each as it is: they are installed and used by
// the commands of their pages in docs, while calls through the root Service are counted.
//
// It runs in the cluster that KUBECONFIG names, where weft is installed, and is skipped where there is none; `make
// canaries` starts a lab for it, and says by variables where the products' manifests are.
package canaries
