// Command smi-conformance runs the conformance suite of the Service Mesh Interface, and is what the suite runs in pods.
package main

import (
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/onsi/ginkgo/v2"
	_ "github.com/onsi/gomega"
	_ "github.com/spf13/cobra"
	_ "google.golang.org/grpc"
	_ "k8s.io/api/core/v1"
	_ "k8s.io/client-go/kubernetes"
	_ "k8s.io/client-go/tools/remotecommand"
	_ "sigs.k8s.io/yaml"

	_ "github.com/weft-mesh/weft/conformance/suite"
)

func main() {}
