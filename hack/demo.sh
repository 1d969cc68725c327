#!/usr/bin/env bash
# demo.sh [--keep]: runs bin/demo in KUBECONFIG's cluster, in a lab that stays (--keep), or in one that ends with it.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -n "${KUBECONFIG:-}" ]; then
	PATH="${WEFT_LAB_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/weft-lab}/bin:$PATH" exec bin/demo
fi
if [ "${1:-}" != --keep ]; then
	exec bin/lab run --mesh -- bin/demo
fi

name=demo
access=$(bin/lab up --mesh --name "$name")
eval "$access"
rc=0
bin/demo || rc=$?
cat <<TEXT

The cluster stays up. In a shell of yours:

$(sed 's/^/    /' <<<"$access")
    kubectl -n shop get pods,trafficsplits,traffictargets
    kubectl -n shop port-forward deploy/front 9001 &    # a door: what you send there, front sends to catalog
    curl -i http://127.0.0.1:9001/books/7               # the header X-Version tells which version answered
    kubectl apply -f config/samples/split-canary.yaml   # back to every fourth request

It ends with: bin/lab down --name $name
TEXT
exit $rc
