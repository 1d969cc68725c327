// Command demo shows weft at work: it deploys the shop of config/samples in the cluster that KUBECONFIG names, applies
// SMI objects step by step, and after each step measures real requests against what SMI says must happen. It ends
// with 0 only if all figures are right.
//
// hack/demo.sh calls it, and sees to the cluster. steps.go says what is shown, stage.go plays it, measure.go makes the
// requests, judge.go decides whether the figures are right, and table.go draws them.
package main
