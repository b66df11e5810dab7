# The front door. Every target says little when there is nothing to do, works as root without sudo,
# and may run twice at the same time (the steps lock what they write).
.DEFAULT_GOAL := help
.PHONY: help deps build programs control-plane install krew run test test-kubernetes fuzz bench tuning bench-loopback manifests fmt lint clean

help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

deps: ## Install the Debian packages that are missing
	@tools/deps

build: programs control-plane ## Build the release programs and the sandbox's control plane

programs: deps
	@tools/build release programs

control-plane: deps
	@sandbox/kubernetes/build

PREFIX ?= /usr/local
INSTALLED := dklb edgelb-local kubectl-dklb kubectl_complete-dklb

install: programs ## Install dklb, edgelb-local and `kubectl dklb`: PREFIX=/usr/local DESTDIR=
	@install -d "$(DESTDIR)$(PREFIX)/bin"
	@install -m 755 $(addprefix build/release/bin/,$(INSTALLED)) "$(DESTDIR)$(PREFIX)/bin"

krew: programs ## Pack `kubectl dklb` for krew into build/krew: URL=https://example.com/v1
	@[ -n "$(URL)" ] || { echo "usage: make krew URL=https://FOLDER-OF-THE-ARCHIVE" >&2; exit 2; }
	@tools/krew "$(URL)"

run: build ## Start a cluster on this machine and play the guide's example
	@sandbox/up

test: deps ## Build and run every test: near, middle and far
	@tools/deps test
	@tools/test

test-kubernetes: deps ## Run the far tests on another Kubernetes: VERSION=1.31.0
	@tools/deps test
	@[ -n "$(VERSION)" ] || { echo "usage: make test-kubernetes VERSION=1.31.0" >&2; exit 2; }
	@KUBERNETES_VERSION=$(VERSION) tools/test far

fuzz: deps ## Fuzz each parser that meets the outside: SECONDS=300
	@tools/deps fuzz
	@tools/fuzz $(or $(SECONDS),60)

bench: control-plane ## Measure against a real API server: ARGS="--only created --pairs 1"
	@tools/build release bench_programs
	@tools/bench $(ARGS)

tuning: control-plane ## Measure and draw the curves of docs/tuning.md: ARGS="--only concurrency.edgelbInFlight"
	@tools/build release bench_programs
	@tools/tuning $(ARGS)

bench-loopback: deps ## Profile against loopback servers: ARGS="--only one-pool"
	@tools/build release dklb_bench
	@build/release/bin/dklb_bench $(ARGS)

manifests: deps ## Write deploy/'s dashboards and manifests, from the Helm chart
	@tools/helm/build
	@tools/dashboards
	@tools/manifests

fmt: ## Format the C++ sources
	@tools/deps lint
	@tools/lint --fix

lint: deps ## Check formatting and run clang-tidy on the C++ sources
	@tools/deps lint
	@tools/lint

clean: ## Remove everything that was built
	@rm -rf build
