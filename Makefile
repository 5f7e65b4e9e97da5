# Everything starts here: a fresh clone, Python 3.11 to 3.14 with pip, and `make setup`.
# PYTHON=/path/to/python3 chooses the interpreter; the usual settings of pip and uv
# (PIP_*, UV_*, pip.conf, uv.toml) are respected.

SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-lock
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/$(VENV)
export UV_PYTHON := $(CURDIR)/$(BIN)/python
export UV_PYTHON_DOWNLOADS ?= never

.PHONY: help setup demo test lint bench docs clean

help: ## Say what can be made.
	@echo 'make TARGET, where TARGET is one of:'
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' Makefile

setup: $(STAMP) ## Build .venv with everything in it (again only when the lock changed).

$(STAMP): pyproject.toml uv.lock
	@PYTHON='$(PYTHON)' VENV='$(VENV)' sh .ci/setup
	@echo 'compiling the solvers once, on a small region …'
	@folder=$$(mktemp -d) && { $(BIN)/vorst demo $$folder/small --servers 40 >$$folder/log 2>&1 && $(BIN)/vorst -C $$folder/small risk --samples 2 >>$$folder/log 2>&1 || cat $$folder/log; }; rm -rf $$folder
	@touch $(STAMP)

demo: setup ## Run the whole chain on the sample region, in a fresh folder.
	$(BIN)/vorst demo

lint: setup ## Check style, types and the direction of imports.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/yamllint --strict .
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/ansible-lint

test: lint ## Check everything, then run every test.
	$(BIN)/pytest -n logical --maxprocesses 8 --dist loadgroup

bench: setup ## Measure how soon vorst answers, and a small region's plan.
	$(BIN)/python -m benchmarks

docs: setup ## Build the documentation into site/.
	$(BIN)/mkdocs build --strict

clean: ## Remove the environment and everything made by tools.
	rm -rf $(VENV) dist build site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
