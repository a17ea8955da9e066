# One command each; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=
# What the tests talk to. The first start of OpenStack takes two minutes, each later one seconds.
# Without it: make test SERVICES="aws azure libvirt"
SERVICES ?= aws azure libvirt openstack
comma := ,
empty :=

# Whatever talks to a real service or boots a guest; all the rest runs without a network.
REAL := tests/services tests/boot tests/test_wheel.py

# What runs beside all the others: what waits for nothing, and what mostly waits.
ASIDE := units openstack openstack-services guests pairs
units := -m "not service"
openstack := $(wildcard tests/*/test_openstack*)
openstack-services := tests/services/openstack
pairs := tests/boot/test_pairs.py
guests := $(filter-out $(openstack) $(pairs),$(wildcard tests/boot/test_*.py))

# Continuous integration lets no test skip for a missing service.
PYTEST := $(if $(CI),INTEROP_REQUIRE=$(subst $(empty) ,$(comma),$(strip $(SERVICES)))) $(BIN)/python -m pytest

.PHONY: help
help: ## List these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

.PHONY: setup packages
setup: $(STAMP) ## Install system packages and the project with all extras into .venv (quick when done)

packages:
	@tests/services/packages.sh

$(STAMP): requirements.lock pyproject.toml | packages
	@echo "[setup] .venv from requirements.lock"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "[setup] Python 3.11 or newer is needed; name one: make setup PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: demo
demo: setup ## Move a real machine from local KVM to AWS and home again, and prove it unharmed
	@examples/demo.sh

.PHONY: test
test: services-up setup ## Run every test, those against real services too (one file: make test ARGS=tests/cli)
	@$(if $(ARGS),$(PYTEST) $(ARGS),$(MAKE) --jobs test-others $(addprefix test-,$(ASIDE)))

.PHONY: test-others
test-others:
	@$(PYTEST) -m service $(addprefix --ignore=,$(filter tests/%,$(foreach part,$(ASIDE),$($(part)))))

# their words come when they are done, in one piece
$(addprefix test-,$(ASIDE)): test-%:
	@$(PYTEST) $($*) >.state/$@.log 2>&1 || failed=$$?; cat .state/$@.log; exit $${failed:-0}

.PHONY: check
check: setup ## Lint, types and the unit tests, in about a minute
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/pyright
	@$(BIN)/python -m pytest -q $(addprefix --ignore=,$(REAL)) -m "not service" $(ARGS)

.PHONY: bench
bench: services-up setup ## Measure, and write docs/benchmarks.md
	@$(BIN)/python -m tests.bench

.PHONY: pairs
pairs: services-up setup ## Move a guest between every two providers, and write docs/pairs.md
	@$(BIN)/python -m tests.boot.pairs

.PHONY: services-up
services-up: ## Start what the tests talk to: libvirt, an OpenStack, the stand-ins for AWS and Azure
	@mkdir -p .state  # ours, before a script that runs as root makes it root's
	@$(MAKE) --jobs packages $(addprefix up-,$(SERVICES))

# Beside each other, and beside the installation of the project, which only stand-ins need.
up-aws up-azure: setup
up-%: packages
	@tests/services/$*/up.sh

.PHONY: services-down
services-down: ## Stop them; what makes OpenStack's next start a quick one stays
	@for down in tests/services/*/down.sh; do $$down; done

.PHONY: lock
lock: ## Write requirements.lock anew from pyproject.toml (needs uv; newest versions: ARGS=--upgrade)
	@uv pip compile --quiet --universal --python-version 3.11 $(ARGS) \
	    --generate-hashes --no-emit-index-url --no-annotate \
	    --extra all --group dev --custom-compile-command "make lock" \
	    pyproject.toml -o requirements.lock

.PHONY: clean
clean: ## Remove caches, builds and .venv (services are stopped first)
	@PURGE=1 $(MAKE) services-down
	@rm -rf $(VENV) .state dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +
