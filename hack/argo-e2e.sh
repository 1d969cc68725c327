#!/usr/bin/env bash
# argo-e2e.sh RUNS: runs Argo Rollouts' own end-to-end tests of SMI, as they are in its module, in a lab with the mesh: so
# often in a namespace of the mesh and so often in one outside of it. Their pods run an image that the lab has. Called by
# `make argo-e2e`, which builds the tests. Fails if any run in the mesh does.
set -euo pipefail
runs=$1
module=$ARGO_ROLLOUTS_MODULE
tests=$PWD/bin/argo-e2e.test
out=$PWD/bin/argo-e2e
mkdir -p "$out" && rm -f "$out"/*

# No image is pulled: what the tests ask for is another name of a server that the lab has. Nor has the lab's node a disk.
ctr -n k8s.io images tag --force docker.io/fortio/fortio:1.63.7 docker.io/library/nginx:1.19-alpine >/dev/null
kubectl create namespace argo-rollouts >/dev/null
sed "s/imagePullPolicy: Always/imagePullPolicy: IfNotPresent/; s/argo-rollouts:latest/argo-rollouts:${module##*@}/; s/ephemeral-storage: .*/memory: 1Gi/" "$module/manifests/install.yaml" |
	kubectl apply --server-side -n argo-rollouts -f - >/dev/null
kubectl -n argo-rollouts patch deployment argo-rollouts --type=json -p '[{"op": "add", "path": "/spec/template/spec/containers/0/args",
  "value": ["--instance-id=argo-rollouts-e2e", "--traffic-split-api-version='"${VERSION:-v1alpha1}"'"]}]' >/dev/null
kubectl -n argo-rollouts rollout status deployment argo-rollouts --timeout=3m >/dev/null
kubectl create namespace outside >/dev/null
kubectl create namespace meshed >/dev/null
kubectl label namespace meshed weft.mesh/inject=enabled weft.mesh/access=permissive >/dev/null

cp "$KUBECONFIG" "$out/kubeconfig"
for ((i = 1; i <= runs; i++)); do
	for namespace in meshed outside; do
		kubectl --kubeconfig "$out/kubeconfig" config set-context --current --namespace "$namespace" >/dev/null
		(cd "$module/test/e2e" && KUBECONFIG=$out/kubeconfig "$tests" -test.v -test.timeout 10m \
			-test.run '^(TestSMISuite|TestSMIIngressSuite)$') >"$out/$namespace-$i.log" 2>&1 || true
		grep -hE '^ +--- (PASS|FAIL|SKIP)' "$out/$namespace-$i.log" | sed "s/^ *--- /argo-e2e: $namespace $i: /" || echo "argo-e2e: $namespace $i: nothing ran"
	done
done

failed=0
for namespace in meshed outside; do
	for name in TestSMISuite/TestSMIExperimentStep TestSMIIngressSuite/TestSMIIngressCanaryStep; do
		passed=$(cat "$out/$namespace"-*.log | grep -cE "^ +--- PASS: $name " || true)
		echo "argo-e2e: $namespace: $name passed $passed of $runs runs"
		if [ "$namespace" = meshed ] && [ "$passed" -ne "$runs" ]; then failed=1; fi
	done
done
exit "$failed"
