#!/usr/bin/env bash
# demo.sh [--keep]: runs bin/demo in a lab of its own, or in the cluster that KUBECONFIG names. With --keep the lab, or
# the shop in that cluster, stays.
set -euo pipefail
cd "$(dirname "$0")/.."
keep=
if [ "${1:-}" = --keep ]; then keep=1; fi
name=demo

try() {
	cat <<-'TEXT'

	    kubectl -n shop get pods,trafficsplits,traffictargets
	    kubectl -n shop port-forward deploy/front 9001 &   # what you send there, front sends to catalog
	    curl -i http://127.0.0.1:9001/books                # X-Version tells which version answered
	    kubectl apply -f config/samples/split-canary.yaml  # back to every fourth request
	TEXT
}

in_own_lab() {
	exec bin/lab run --mesh -- bin/demo
}

in_lab_that_stays() {
	if bin/lab status | awk 'NR > 1 {print $1}' | grep -qx "$name"; then
		echo "The lab $name of an earlier run is still up; starting a new one."
		bin/lab down --name "$name"
	fi
	local access rc=0
	access=$(bin/lab up --mesh --name "$name")
	(eval "$access" && exec bin/demo) || rc=$?
	printf '\nThe cluster stays up. In a shell of yours, in this folder:\n\n'
	sed 's/^/    /' <<<"$access"
	try
	printf '\nIt ends with: bin/lab down --name %s\n' "$name"
	return "$rc"
}

in_users_cluster() {
	local home=${WEFT_LAB_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/weft-lab} rc=0
	PATH=$PATH:$home/bin
	command -v kubectl >/dev/null || { echo 'kubectl is missing: install it, or run make lab, which builds one' >&2; exit 1; }
	if ! kubectl get namespace weft-system >/dev/null 2>&1; then
		echo 'weft is not in this cluster yet: kubectl apply -k config/default'
		kubectl apply -k config/default >/dev/null
		echo 'It stays after the demo, and goes with: kubectl delete -k config/default'
	fi
	bin/demo || rc=$?
	if [ -n "$keep" ]; then
		printf '\nThe shop stays up:\n\n'
		try
		printf '\nIt goes with: kubectl delete namespace shop\n'
	else
		# By its label, as the demo does not touch another shop.
		kubectl delete namespace -l app.kubernetes.io/part-of=weft-samples --wait=false >/dev/null
	fi
	return "$rc"
}

if [ -n "${KUBECONFIG:-}" ]; then
	in_users_cluster
elif [ -n "$keep" ]; then
	in_lab_that_stays
else
	in_own_lab
fi
