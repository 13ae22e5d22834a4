# Everything a newcomer or CI needs; `make help` lists it.
# Needs only git, make and Python 3.11 or newer.

PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
# One process more than cores: many tests wait for other processes, limits and browsers.
TEST_PROCESSES ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
LOCKS := requirements/dev.txt requirements/uv.txt
ROLECALL_DEMO_ARGS := $(if $(filter 1 yes true,$(ONCE)),--once) $(if $(SEED),--seed $(SEED)) $(if $(PORT),--port $(PORT))

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format lint types layers docs bench screenshots soak lock clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(STAMP) ## Prepare .venv from the lock (does nothing when up to date)

$(STAMP): $(LOCKS) pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer found"; echo "hint: install it, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "setting up .venv with $$($(PYTHON) --version); once only, about a minute"
	@$(PYTHON) -m venv $(VENV) || { echo "hint: on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode requirements/dev.txt requirements/uv.txt
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: setup ## A portal of about 150 people, connected, synced and explained (ONCE=1: print and exit)
	@$(BIN)/rolecall demo $(ROLECALL_DEMO_ARGS)

test: setup ## Run every test
	@$(BIN)/python -m pytest -q -n $(TEST_PROCESSES) --dist worksteal $(ARGS)

check: format lint types layers docs ## Everything that reads the code without running it

format: setup ## Fail when the formatter would change something
	@$(BIN)/ruff format --check --quiet src tests scripts benchmarks || { echo "hint: run $(BIN)/ruff format src tests scripts benchmarks"; exit 1; }

lint: setup ## Lint
	@$(BIN)/ruff check --quiet src tests scripts benchmarks

types: setup ## Strict types
	@$(BIN)/mypy

layers: setup ## The direction of imports
	@$(BIN)/lint-imports --no-cache

docs: setup ## Documentation and generated files against the code
	@$(BIN)/python -m pytest -q tests/house -p no:cacheprovider
	@$(BIN)/python scripts/outliers.py

bench: setup ## The benchmarks, as ratios measured in one run
	@$(BIN)/python -m benchmarks $(ARGS)

screenshots: setup ## Every page of the console as pictures, for somebody to look at
	@$(BIN)/python scripts/screenshots.py $(ARGS)

soak: setup ## The exhaustive crash and fault matrix
	@$(BIN)/python -m pytest -q -m soak --override-ini=timeout=0 tests $(ARGS)

lock: setup ## Resolve the hashed requirement files again
	@$(BIN)/python scripts/lock.py

clean: ## Remove .venv and what the tools left
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
