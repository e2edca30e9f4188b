# `make` alone prints what there is. Every target sets up what it needs first.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MARK := .make
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# What a machine may lack, kubectl among it, comes with the environment; what it has comes first.
export PATH := $(PATH):$(CURDIR)/$(BIN)

.PHONY: help
help: ## Print this list
	@echo "Chakrator: make TARGET [ARGS='…']"
	@grep -hE '^[a-z][a-z0-9-]*:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}'

# ── what people run ─────────────────────────────────────────────────────────────────────────────
.PHONY: up
up: setup page ## Run everything on this machine: control plane, controller, page (ARGS='--data DIR --port N')
	@exec $(BIN)/chakrator up $(ARGS)

.PHONY: test
test: setup page browser ## Every test that fits in CI, with the time each tier took
	@$(BIN)/python tests/run.py $(ARGS)

.PHONY: bench
bench: setup ## Every benchmark: ratios against peers in one run (ARGS='worker')
	@$(BIN)/python -m bench $(ARGS)

.PHONY: soak
soak: setup ## Fuzz the policy's compiler and the frame decoders for SOAK_SECONDS=600; crashers go to tests/soak/seeds
	@$(BIN)/python -m tests.soak

# ── what a change needs ─────────────────────────────────────────────────────────────────────────
.PHONY: check
check: setup ## Format, lint, types, import contract; under a minute
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports --no-logo

.PHONY: unit
unit: setup ## Unit and architecture tests, no control plane
	@$(BIN)/pytest tests/unit tests/architecture -q $(ARGS)

.PHONY: format
format: setup ## Rewrite the Python as the linter wants it
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format .

.PHONY: reference
reference: setup ## Rewrite the generated pages of docs/reference
	@$(BIN)/python -m chakrator.reference && $(BIN)/python -m tests.escapes.page && $(BIN)/python -m tests.unit.sandbox.policy.page

.PHONY: screenshots
screenshots: setup page browser ## Take docs/screenshots anew, from the running product
	@$(BIN)/python -m tests.e2e.screenshots

.PHONY: lock
lock: setup ## Resolve the dependencies anew into requirements/*.txt (hashes, no addresses)
	@$(BIN)/python requirements/lock.py

# ── what the rest stands on ─────────────────────────────────────────────────────────────────────
.PHONY: setup
setup: $(MARK)/venv ## Make .venv with the locked dependencies and the `chakrator` command
	@$(BIN)/python -m compileall -q chakrator core sandbox # a zygote writes no bytecode: without it, each would compile anew

$(MARK)/venv: pyproject.toml requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Chakrator needs Python 3.11, 3.12 or 3.13; this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12 …")'
	@echo "setting up $(VENV): about a minute the first time" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@mkdir -p $(MARK) && touch $@

.PHONY: page
page: setup ## Build the web page into webui/static (skipped when nothing changed)
	@$(BIN)/python -m chakrator.page build

.PHONY: browser
browser: setup ## See to it that there is a Chromium for the tests
	@$(BIN)/python tests/browser.py

.PHONY: clean
clean: ## Remove what was made here (not the caches outside of the checkout)
	rm -rf $(VENV) $(MARK) webui/static webui/frontend/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
