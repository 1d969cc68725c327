#!/usr/bin/env bash
# Runs the model bench at two commits and compares them: bench-compare.sh OLD NEW.
# Small meshes do: what it fails on does not depend on the machine.
set -euo pipefail
cd "$(dirname "$0")/.."
out=bin/bench/compare
rm -rf "$out" && mkdir -p "$out"
trap 'for side in old new; do git worktree remove --force "$out/$side" 2>/dev/null || true; done' EXIT
git worktree add --quiet --detach "$out/old" "$1"
git worktree add --quiet --detach "$out/new" "$2"
for side in old new; do
	hack/bench-model.sh "$out/$side" 20,100,400 100 6 >"$out/$side.txt"
done
go tool -modfile=tools/go.mod benchstat "$out/old.txt" "$out/new.txt"
go run ./test/bench/report compare "$out/old.txt" "$out/new.txt"
