#!/usr/bin/env bash
# fuzz.sh TIME: runs each fuzz target of weft for TIME, one after the other.
set -euo pipefail
time=${1:?a duration, as in 30s}
rc=0
while IFS=: read -r file line; do
	target=$(sed -E 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/' <<<"$line")
	echo "== ./$(dirname "$file") $target"
	go -C "$(dirname "$file")" test -run '^$' -fuzz "^$target\$" -fuzztime "$time" . || rc=1
done < <(git grep -E '^func Fuzz' -- '*_test.go')
exit $rc
