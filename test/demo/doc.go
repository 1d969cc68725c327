// Command demo shows weft at work in the cluster that KUBECONFIG names: it deploys the shop of config/samples,
// applies SMI YAML step by step, and after each step counts what real requests came to. It ends with 1 if a count
// lies outside of what the YAML asks for. `make demo` runs it in a lab.
package main
