#!/usr/bin/env bash
# Measures `make demo` on a machine that has built nothing yet: with caches of its own, which it removes. Says the time and
# the CPU that all took, and each step; the CPU is what to compare, since it hardly depends on what else the machine does.
# Debian's packages that are there already are not counted.
set -euo pipefail
cd "$(dirname "$0")/.."

caches=$(mktemp -d "${TMPDIR:-/tmp}/weft-first-run.XXXXXX")
export GOCACHE=$caches/build GOMODCACHE=$caches/modules WEFT_LAB_HOME=$caches/lab PIP_NO_CACHE_DIR=1
log=$caches/log
remove() { chmod -R u+w "$caches" && rm -rf "$caches"; }
trap remove EXIT
load() { cut -d' ' -f1-3 /proc/loadavg; }

unset KUBECONFIG
before=$(load) rc=0
TIMEFORMAT='%R %U %S'
{ time make demo 2>&1 | tee "$log"; } 2>"$caches/time" || rc=$?
read -r wall user system <"$caches/time"

printf '\n=== what each step took\n'
sed -n 's/^lab: built /  /p' "$log"
printf '=== make demo with empty caches: %s\n' "$([ $rc = 0 ] && echo passed || echo "failed ($rc)")"
awk -v w="$wall" -v u="$user" -v s="$system" 'BEGIN {printf "  time %.1f min, CPU %.1f min (user %.1f, system %.1f)\n", w / 60, (u + s) / 60, u / 60, s / 60}'
printf '  %s cores, %s; load before %s, after %s\n' "$(nproc)" "$(go version | cut -d' ' -f3,4)" "$before" "$(load)"
printf '  disk: lab %s, modules %s, build cache %s\n' $(du -sh "$WEFT_LAB_HOME" "$GOMODCACHE" "$GOCACHE" | cut -f1)
exit $rc
