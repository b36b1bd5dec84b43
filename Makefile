SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test lint story bench lock

BIN := .venv/bin
PYTHON_READY := .venv/.synced
NODE_READY := node_modules/.synced

help: ## Show the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

setup: $(PYTHON_READY) $(NODE_READY) ## Install what development needs; commands end up in .venv/bin
	@tools/browser

demo: $(PYTHON_READY) ## Serve the sandbox and the product Northwind, until stopped; DEMO=--reverse-trial for that model
	@$(BIN)/tiergate demo $(DEMO)

# Half a day away from UTC, where every mistake with time zones shows.
test: export TZ := Pacific/Auckland
test: setup ## Run every test, and hold the rules to full branch coverage
	$(BIN)/coverage run -m pytest -q tests/rules
	$(BIN)/coverage report
	$(BIN)/pytest -n 2

lint: $(PYTHON_READY) ## Check style, types, the direction of imports, and the source itself
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/uv pip check --quiet
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/pytest -q tests/tidy

story: $(PYTHON_READY) ## Print the lives of some subscriptions, and fail if one goes astray
	@$(BIN)/python -m tests.story

bench: $(PYTHON_READY) ## Measure
	@$(BIN)/python -m benchmarks

lock: $(PYTHON_READY) ## Renew both lock files; `make lock UPGRADE=--upgrade` takes newer versions
	$(BIN)/uv pip compile pyproject.toml --quiet --output-file requirements.lock --universal --python-version 3.11 \
	  --all-extras --group dev --generate-hashes --no-header --no-emit-index-url $(UPGRADE)
	npm install --package-lock-only

$(PYTHON_READY): requirements.lock pyproject.toml tools/python-environment
	@tools/python-environment
	@touch $@

$(NODE_READY): package.json package-lock.json
	@command -v npm >/dev/null || { echo "The tests need npm: an administrator must run 'apt-get install npm'" >&2; exit 1; }
	@npm ci --loglevel=error
	@touch $@
