# Every target does the set-up that it needs. `make` alone lists them.
SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS   += --no-print-directory
.DEFAULT_GOAL := help

BIN := $(CURDIR)/bin
# Where the lab keeps what it builds; the same rule as in lab/paths.go.
LAB_HOME := $(or $(WEFT_LAB_HOME),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/weft-lab)
LAB      := $(BIN)/lab
# What the lab and the demo need is built with the flags of lab/pins.go, so that it is compiled once; no test needs it.
LEAN_GO  := CGO_ENABLED=0 go
LEAN     := -trimpath -gcflags=all=-dwarf=false -ldflags='-s -w'
# Tools are pinned in a module of their own, so that none of what they need reaches weft's go.mod.
TOOL      := go tool -modfile=tools/go.mod
SUMMARY   := go run ./test/summary
PACKAGES  := go list ./... | grep -Ev '/test/(e2e|canaries|compatibility)$$'
# A prefix that starts a command in a lab with the mesh and both address families; nothing where KUBECONFIG names a cluster already.
IN_CLUSTER = $(if $(KUBECONFIG),env PATH="$(LAB_HOME)/bin:$(BIN):$$PATH",$(LAB) run $(WITH) --mesh --dual-stack $(if $(KEEP_LOGS),--keep-logs $(KEEP_LOGS)) --)

# Parts of the lab that a target needs beyond what the demo shows (lab/README.md lists them); those of `make lab` are the user's.
PARTS            =
canaries: PARTS = flagger,argo-rollouts
argo-e2e: PARTS = argo-rollouts
conformance mutants: PARTS = smi-conformance
e2e: PARTS = prometheus,smi-conformance
WITH             = $(if $(PARTS),--with $(PARTS))

# Settings of single targets.
ARGS      ?=
BENCH     ?= .
FUZZTIME  ?= 30s
SERVICES  ?= 20,100,400,1000,10000
PROXIES   ?= 10000
COUNT     ?= 1
RUNS      ?= 5
OLD       ?= HEAD~1
NEW       ?= HEAD

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: check-go
check-go:
	@command -v go >/dev/null || { echo 'Go is missing: install the version that go.mod names (https://go.dev/dl), then run make again'; exit 1; }

.PHONY: build
build: check-go ## Build bin/weft
	go build -o $(BIN)/weft ./cmd/weft

.PHONY: test
test: lab ## Run all tests: unit tests, the lab's own, and in a lab (KUBECONFIG: in that cluster) e2e, compatibility, canaries and core conformance
	@rc=0; $(MAKE) unit || rc=1; $(MAKE) e2e || rc=1; $(MAKE) compatibility || rc=1; $(MAKE) canaries || rc=1; $(MAKE) conformance ARGS='--level core' || rc=1; exit $$rc

.PHONY: unit
unit: lab ## Run the unit tests of weft, of the lab and of the conformance suite (ARGS: more flags for go test)
	@rc=0; export PATH="$(LAB_HOME)/bin:$$PATH" KUBEBUILDER_ASSETS="$(LAB_HOME)/bin"; \
	{ go test -json $(ARGS) $$($(PACKAGES)) 2>&1 || true; } | $(SUMMARY) -name unit || rc=1; \
	{ go -C lab test -json $(ARGS) ./... 2>&1 || true; } | $(SUMMARY) -name lab || rc=1; \
	{ go -C conformance test -json $(ARGS) ./... 2>&1 || true; } | $(SUMMARY) -name suite || rc=1; \
	exit $$rc

.PHONY: e2e
e2e: lab-command ## Run the end-to-end tests with real pods (KEEP_LOGS=DIR keeps the cluster's logs, ARGS: flags for ginkgo)
	@$(LAB) build $(WITH)
	@mkdir -p $(BIN) && rm -f $(BIN)/e2e.json && go test -c -o $(BIN)/e2e.test ./test/e2e
	@rc=0; $(IN_CLUSTER) $(BIN)/e2e.test -test.timeout 30m -ginkgo.v -ginkgo.no-color \
		-ginkgo.json-report=$(BIN)/e2e.json $(ARGS) || rc=1; \
	$(SUMMARY) -name e2e -ginkgo $(BIN)/e2e.json || rc=1; exit $$rc

.PHONY: compatibility
compatibility: lab ## Test that what works without the mesh works in it (ARGS: -only REGEX; -image NAME where KUBECONFIG names a cluster of other machines)
	@mkdir -p $(BIN)/compatibility && rm -f $(BIN)/compatibility.json && CGO_ENABLED=0 go build -o $(BIN)/compatibility/ ./test/compatibility/actor
	@go test -c -o $(BIN)/compatibility.test ./test/compatibility
	@rc=0; $(IN_CLUSTER) $(BIN)/compatibility.test -test.timeout 15m -ginkgo.no-color -actor $(BIN)/compatibility \
		-ginkgo.json-report=$(BIN)/compatibility.json $(ARGS) || rc=1; \
	$(SUMMARY) -name compatibility -ginkgo $(BIN)/compatibility.json || rc=1; exit $$rc

.PHONY: canaries
canaries: lab-command ## Let Flagger and Argo Rollouts release by weft, by the commands of their pages in docs (ARGS: flags for ginkgo)
	@$(LAB) build $(WITH)
	@mkdir -p $(BIN) && rm -f $(BIN)/canaries.json && go test -c -o $(BIN)/canaries.test ./test/canaries
	@rc=0; export FLAGGER="$$(hack/module.sh flagger github.com/fluxcd/flagger)/kustomize/base/flagger"; \
	export ARGO_ROLLOUTS="$$(hack/module.sh argo-rollouts github.com/argoproj/argo-rollouts)/manifests/install.yaml"; \
	$(IN_CLUSTER) $(BIN)/canaries.test -test.timeout 60m -ginkgo.v -ginkgo.no-color \
		-ginkgo.json-report=$(BIN)/canaries.json $(ARGS) || rc=1; \
	$(SUMMARY) -name canaries -ginkgo $(BIN)/canaries.json || rc=1; exit $$rc

.PHONY: argo-e2e
argo-e2e: lab-command ## Run Argo Rollouts' own end-to-end tests of SMI in a lab, RUNS times in the mesh and outside of it
	@$(LAB) build $(WITH)
	@module=$$(hack/module.sh argo-rollouts github.com/argoproj/argo-rollouts); \
	(cd "$$module" && CGO_ENABLED=0 go test -c -mod=readonly -trimpath -tags e2e -o $(BIN)/argo-e2e.test ./test/e2e); \
	ARGO_ROLLOUTS_MODULE="$$module" $(LAB) run $(WITH) --mesh $(if $(KEEP_LOGS),--keep-logs $(KEEP_LOGS)) -- hack/argo-e2e.sh $(RUNS)

.PHONY: conformance
conformance: lab-command ## Test weft against all of SMI, and write conformance/reports (ARGS: flags of smi-conformance run; the report is then in bin)
	@$(LAB) build $(WITH)
	@go -C conformance build -o $(BIN)/smi-conformance ./cmd/smi-conformance
	@$(IN_CLUSTER) $(BIN)/smi-conformance run --adapter conformance/adapters/weft.yaml \
		--report $(if $(ARGS),$(BIN)/conformance,conformance/reports) $(ARGS)

.PHONY: mutants
mutants: lab-command ## Run the suite against weft with one mistake at a time, in a lab, and write the table of docs/conformance.md (ARGS: -run PATTERN)
	@$(LAB) build $(WITH)
	@go -C conformance build -o $(BIN)/smi-conformance ./cmd/smi-conformance
	@go build -o $(BIN)/mutants ./test/mutants
	@$(LAB) run $(WITH) --mesh -- $(BIN)/mutants $(foreach word,$(subst ",,$(subst ',,$(value ARGS))),'$(word)')

.PHONY: image
image: lab-command ## Write bin/weft.tar, the image of weft, as `docker load` and `kind load image-archive` take it
	@$(LAB) image $(BIN)/weft.tar

.PHONY: demo
demo: $(if $(KUBECONFIG),check-go,lab) ## Show weft at work in a lab, or in KUBECONFIG's cluster (KEEP=1 leaves it up)
	@$(LEAN_GO) build $(LEAN) -o $(BIN)/demo ./test/demo
	@hack/demo.sh $(if $(KEEP),--keep)

.PHONY: lab
lab: lab-command ## Build the single-node Kubernetes and its images (PARTS: further parts, such as flagger,argo-rollouts)
	@$(LAB) build $(WITH)

.PHONY: lab-command
lab-command: check-go
	@[ -x $(LAB) ] || echo 'lab: building bin/lab'
	@mkdir -p $(BIN) && $(LEAN_GO) -C lab build $(LEAN) -o $(LAB) .

.PHONY: lint
lint: check-go ## Check style, the layer law and the formatting; of the modules within too; vet the lab
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "gofmt -w these:"; echo "$$unformatted"; exit 1; }
	$(TOOL) golangci-lint run --allow-parallel-runners ./...
	cd conformance && go tool -modfile=../tools/go.mod golangci-lint run --allow-parallel-runners -c ../.golangci.yml ./...
	cd test/bench/fleet/baseline && go tool -modfile=$(CURDIR)/tools/go.mod golangci-lint run --allow-parallel-runners -c $(CURDIR)/.golangci.yml ./...
	go -C lab vet ./...

.PHONY: fmt
fmt: check-go ## Format all Go files
	$(TOOL) golangci-lint fmt ./...
	gofmt -l -w lab

.PHONY: generate
generate: check-go ## Write deep copies and OpenAPI definitions from the Go sources
	$(TOOL) controller-gen object paths=./api/...
	@hack/openapi.sh

.PHONY: golden
golden: lab ## Rewrite the expected outputs of golden tests, and delete those without a case
	KUBEBUILDER_ASSETS="$(LAB_HOME)/bin" go test $$(git grep -l 'flag.Bool("update"' -- '*_test.go' ':!conformance' | xargs -rn1 dirname | sort -u | sed 's#^#./#') -update
	go -C conformance test ./report -update

.PHONY: fuzz
fuzz: check-go ## Run each fuzz target for FUZZTIME
	@hack/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: ## Measure what changes, fleets, requests and misbehaviour cost (four benches), and write docs/performance.md
	@rc=0; for b in model fleet proxy faults; do $(MAKE) bench-$$b || rc=1; done; $(MAKE) performance || rc=1; exit $$rc

.PHONY: bench-model
bench-model: check-go ## Measure what a change costs in the compiler (SERVICES: sizes of the meshes, PROXIES: most of them, COUNT: runs)
	@mkdir -p $(BIN)/bench
	hack/bench-model.sh . "$(SERVICES)" $(PROXIES) $(COUNT) | tee $(BIN)/bench/model.txt
	@go run ./test/bench/report rows <$(BIN)/bench/model.txt >$(BIN)/bench/model.json

.PHONY: bench-compare
bench-compare: check-go ## Compare what changes cost at two commits (OLD, NEW), and fail on 20 % more allocations, bytes or resources built
	@hack/bench-compare.sh $(OLD) $(NEW)

.PHONY: performance
performance: check-go ## Write docs/performance.json of what the benches measured last, and docs/performance.md of that
	@go run ./test/bench/report page -rows $(BIN)/bench -docs docs -commit "$$(git describe --always --dirty)" -command 'make bench'

.PHONY: benchmarks
benchmarks: check-go ## Run all Go benchmarks (BENCH: a pattern) six times each and show their spread
	@mkdir -p $(BIN)
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count 6 $$($(PACKAGES) | grep -v '/test/pushscrape$$') | tee $(BIN)/bench.txt | grep '^Benchmark'
	$(TOOL) benchstat $(BIN)/bench.txt

.PHONY: bench-proxy
bench-proxy: lab ## Measure what weft's configuration costs in real Envoys (ARGS: flags of test/bench/proxy; as root)
	go build -o $(BIN)/bench-proxy ./test/bench/proxy
	PATH="$(LAB_HOME)/bin:$$PATH" $(BIN)/bench-proxy -out $(BIN)/bench/proxy.json $(ARGS)

.PHONY: bench-fleet
bench-fleet: lab ## Measure what changes cost up to thousands of simulated sidecars, and others that serve the same (ARGS: flags of test/bench/fleet)
	go build -o $(BIN)/ ./cmd/weft ./test/bench/fleet ./test/bench/fleet/plain
	go -C test/bench/fleet/baseline build -o $(BIN)/baseline .
	KUBEBUILDER_ASSETS="$(LAB_HOME)/bin" $(BIN)/fleet -out $(BIN)/bench/fleet.json $(ARGS)

.PHONY: bench-faults
bench-faults: lab ## Measure what clients that misbehave cost the others, and the pushes of one big apply (ARGS: flags of test/bench/faults)
	go build -o $(BIN)/weft ./cmd/weft && go build -o $(BIN)/bench-faults ./test/bench/faults
	$(BIN)/bench-faults -assets "$(LAB_HOME)/bin" -weft $(BIN)/weft -out $(BIN)/bench/faults.json $(ARGS)

.PHONY: bench-figures
bench-figures: lab ## Measure how figures reach weft-metrics, pushed or asked for, with a real Envoy: the figures of docs/adr/0019
	PATH="$(LAB_HOME)/bin:$$PATH" go test -run '^$$' -bench Sidecar -benchtime 20x -count 3 ./test/pushscrape
	PATH="$(LAB_HOME)/bin:$$PATH" go test -run '^$$' -bench Aggregator -benchtime 3x ./test/pushscrape

.PHONY: manifests
manifests: check-go ## Print what `kubectl apply -k config/default` applies
	@$(TOOL) kustomize build config/default

.PHONY: tools
tools: check-go ## Build the pinned tools and list their versions
	@go list -modfile=tools/go.mod -f '{{.Path}} {{.Version}}' -m github.com/golangci/golangci-lint/v2 sigs.k8s.io/controller-tools sigs.k8s.io/kustomize/kustomize/v5 github.com/onsi/ginkgo/v2 golang.org/x/perf
	go build -modfile=tools/go.mod -o $(BIN)/tools/ tool

.PHONY: clean
clean: ## Remove what was built in this checkout (the lab's store stays: bin/lab clean)
	rm -rf $(BIN)
