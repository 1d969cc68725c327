#!/usr/bin/env bash
# Prints the folder of a module that a pin of the lab names, as its authors published it: hack/module.sh PIN MODULE
set -euo pipefail
cd "$(dirname "$0")/../lab/pins/$1"
go mod download "$2"
go list -m -f '{{.Dir}}' "$2"
