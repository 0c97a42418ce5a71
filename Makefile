# Everything one does with flyball's source. `make` alone lists it.

GO ?= go
PACKAGES ?= ./...
# The live tests of a package run a Docker engine of their own, and mostly wait: so three packages, and more tests than CPUs, at once.
TEST_FLAGS ?= -race -p 3 -parallel 4 -timeout 25m
# make RELEASE=v1.2.3 names the version where no tag of git does.
RELEASE ?=
STATIC = CGO_ENABLED=0 $(GO) build -trimpath -ldflags="-s -w$(if $(RELEASE), -X main.release=$(RELEASE))"

.DEFAULT_GOAL := help
.PHONY: help build binary pages image packed dist dashboard screenshots quickstart demo test lint fmt bench soak generate clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: pages ## bin/flyball, a static binary; with its dashboard where there is npm
	@$(MAKE) -s binary

pages:
	@if command -v npm >/dev/null; then $(MAKE) -s dashboard; else echo "no npm: flyball is without its dashboard" >&2; fi

binary:
	$(STATIC) -o bin/flyball ./cmd/flyball

# Whether the commit goes into the binary: where git can't tell, make VCS=false.
VCS ?= auto
STAMPED = $(STATIC) -buildvcs=$(VCS)

IMAGE ?= flyball
STAGE ?= bin/image
image: pages packed ## the image flyball, as latest and by its version, for the engine that docker reaches

# What an image says of itself is what the binary in it says.
packed:
	@rm -rf $(STAGE) && mkdir -p $(STAGE)/home/.flyball && chmod 755 $(STAGE)/home && chmod 700 $(STAGE)/home/.flyball
	GOOS=linux $(STAMPED) -o $(STAGE)/flyball ./cmd/flyball
	@stamp() { $(GO) version -m $(STAGE)/flyball | awk -F '[\t=]' -v key="$$1" '$$3 == key { print $$4 }'; } && \
		version=$(or $(RELEASE),$$(stamp $$($(GO) list -m))) && tag=$$(echo "$$version" | tr + - | tr -d '()') && \
		docker build -q -f Dockerfile --build-arg VERSION="$$version" --build-arg REVISION="$$(stamp vcs.revision)" \
			--build-arg CREATED="$$(stamp vcs.time)" -t $(IMAGE):latest -t "$(IMAGE):$$tag" $(STAGE) >/dev/null && \
		echo "$(IMAGE):latest is $(IMAGE):$$tag"

PLATFORMS = linux-amd64 linux-arm64 darwin-amd64 darwin-arm64
HOST = dist/flyball-$(shell $(GO) env GOHOSTOS)-$(shell $(GO) env GOHOSTARCH)
dist: pages ## what is released, into dist: binaries, their materials, manual pages, completions, checksums
	@rm -rf dist && mkdir -p dist/completions
	@for p in $(PLATFORMS); do echo "dist/flyball-$$p"; \
		GOOS=$${p%-*} GOARCH=$${p#*-} $(STAMPED) -o dist/flyball-$$p ./cmd/flyball || exit 1; done
	@for p in $(PLATFORMS); do $(HOST) version --sbom dist/flyball-$$p >dist/flyball-$$p.cdx.json || exit 1; done
	@$(HOST) man dist/man
	@for shell in bash zsh fish powershell; do $(HOST) completion $$shell >dist/completions/flyball.$$shell || exit 1; done
	@cd dist && find . -type f ! -name SHA256SUMS | sed 's,^\./,,' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS
	@echo "dist/SHA256SUMS" && $(HOST) version

# What the web client is built from. npm ci takes its time, so it is run where package-lock.json is newer than what it left.
WEB = engine/api/dashboard
INSTALLED = $(WEB)/node_modules/.package-lock.json

dashboard: $(WEB)/dist/index.html ## the web client, which goes into bin/flyball

$(INSTALLED): $(WEB)/package-lock.json
	cd $(WEB) && npm ci --silent && touch node_modules/.package-lock.json

$(WEB)/dist/index.html: $(INSTALLED) $(WEB)/index.html $(WEB)/vite.config.ts $(WEB)/tsconfig.json engine/api/openapi.json \
		$(shell find $(WEB)/src $(WEB)/public -type f ! -name '*.gen.ts')
	cd $(WEB) && npm run -s build && gzip -9nk dist/assets/*

SCREENSHOTS ?= bin/screenshots
screenshots: dashboard ## a picture of every view of the dashboard, light, dark and on a phone, into $(SCREENSHOTS)
	@FLYBALL_SCREENSHOTS=$(abspath $(SCREENSHOTS)) $(GO) test -count 1 -run '^TestBrowser$$/^Pictures$$' ./$(WEB)
	@echo "the pictures are in $(SCREENSHOTS)"

quickstart: ## the programs of examples/quickstart, for its images
	GOOS=linux $(STATIC) -o bin/quickstart/ ./examples/quickstart/web ./examples/quickstart/load

demo: ## watch the quickstart scale, in under two minutes; leaves nothing behind
	@$(GO) build -o bin/demo ./examples/quickstart/demo
	@exec bin/demo -build "$(MAKE) -s binary quickstart"

# A program built to find data races sleeps for a second as it ends, unless told not to: tests start hundreds.
test: lint ## check the format, vet, lint, then all tests with the race detector
	@if command -v npm >/dev/null || [ -n "$$CI" ]; then $(MAKE) -s dashboard && cd $(WEB) && npm test --silent; \
		else echo "no npm: the dashboard is neither built nor tested" >&2; fi
	GORACE=atexit_sleep_ms=0 $(GO) test $(TEST_FLAGS) $(PACKAGES)

lint: ## check the format, vet, staticcheck
	@unformatted=$$(gofmt -l $$($(GO) list -f '{{.Dir}}' ./...)) && \
		if [ -n "$$unformatted" ]; then echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

fmt: ## format the Go files
	gofmt -w $$($(GO) list -f '{{.Dir}}' ./...)

bench: ## all benchmarks, as a table
	@$(GO) test -run '^$$' -bench . -benchmem -p 1 -timeout 60m $(PACKAGES) | awk -f .ci/bench.awk

SOAK ?= 5m
soak: ## the long campaigns: hundreds of kills, many more properties, and $(SOAK) of fuzzing each parser
	FLYBALL_SOAK=1 $(GO) test -count 1 -timeout 12h ./engine/store/...
	FLYBALL_SOAK=1 $(GO) test -count 1 -timeout 12h -v -run TestLiveCrash ./cmd/flyball
	$(GO) test -count 1 -timeout 12h ./engine/guard ./engine/metrics ./engine/sim ./rego -rapid.checks=100000
	@for p in $$($(GO) list ./...); do for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
		echo "fuzz $$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(SOAK) $$p || exit 1; done; done

generate: ## write the generated files anew
	$(GO) generate ./...

clean: ## remove what was built
	rm -rf bin dist coverage.out $(WEB)/node_modules $(WEB)/dist/* $(WEB)/src/openapi.gen.ts
