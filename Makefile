# `make help` lists the targets. Each sets up what it needs first, and is quick about it the second time.

# The first of these that starts: a version manager may list one that it would not run here.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3; do \
  $$name -c pass 2> /dev/null && command -v $$name && break; done)
LOCKS := deploy/requirements
VENV := .venv
BIN := $(VENV)/bin
PIP_OPTIONS := --quiet --disable-pip-version-check --no-input --no-deps --no-compile

.DEFAULT_GOAL := help
.PHONY: help setup install demo console check test test-unit test-slow test-torch test-compose bench lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.dev ## the virtual environment, from the locked requirements

install: setup ## what is missing of: Java, Redis, Prometheus, Alertmanager, Kafka's jars, Node, Chromium, the console's pages
	@echo "pulsewatch: looking for what is missing" >&2
	@$(BIN)/python -m deploy.local.install

demo: install ## the whole of Pulsewatch on this machine, with a feed; ARGS="--forever" goes on
	@$(BIN)/pulsewatch demo $(ARGS)

console: install ## the console's pages, where they are missing or older than their sources

check: setup
	@$(BIN)/ruff check --quiet --no-cache
	@$(BIN)/ruff format --quiet --check
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/pulsewatch grafana build --check
	@$(BIN)/python -m deploy.reference --check
	@$(BIN)/python -m deploy.generate --check
	@$(BIN)/python -m dashboards.console.generate --check

test: install check ## everything that is fast enough for every change: ruff, mypy, pytest on real servers
	@$(BIN)/pytest $(ARGS)

test-unit: install ## the tests that start no server: no Kafka, Redis, Prometheus or browser
	@$(BIN)/pytest -n auto tests/models tests/streams tests/dashboards tests/deploy tests/test_architecture.py tests/test_guides.py $(ARGS)

test-slow: install ## the tests that take minutes
	@$(BIN)/pytest -m slow $(ARGS)

test-torch: install .venv-train/.train ## the tests that need torch
	@.venv-train/bin/python -m pytest -m torch $(ARGS)

test-compose: install ## docker-compose.yml for real, in an engine of its own; root, Debian, Go and some twenty minutes the first time
	@$(BIN)/python -m tests.servers.containers
	@$(BIN)/pytest -m compose tests/compose $(ARGS)

bench: install .venv-bench/.bench ## transport and engagement beside their peers
	@.venv-bench/bin/python -m tests.bench transport $(ARGS)
	@.venv-bench/bin/python -m tests.bench engagement $(ARGS)

# One resolution for every Python that we run on, with a marker where they differ.
LOCK := uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

lock: ## resolve the requirements anew; needs uv
	$(LOCK) -o $(LOCKS)/runtime.txt
	for extra in dev train; do $(LOCK) --extra $$extra -c $(LOCKS)/runtime.txt -o $(LOCKS)/$$extra.txt || exit 1; done
	$(LOCK) --extra dev --extra bench -o $(LOCKS)/bench.txt

clean: ## remove the virtual environments, caches and the local stack's data
	rm -rf .venv .venv-bench .venv-train .stack dist dashboards/console/static dashboards/console/web/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

%/bin/python:
	@test -n "$(PYTHON)" || { echo "pulsewatch: Python 3.11 to 3.14 is missing: apt-get install python3 python3-venv" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
	  || { echo "pulsewatch: Python 3.11 to 3.14 is needed, $(PYTHON) is $$($(PYTHON) -V 2>&1); set PYTHON=" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' \
	  || { echo "pulsewatch: Python's venv is missing: apt-get install python3-venv" >&2; exit 2; }
	@$(PYTHON) -m venv $*

.venv/.dev: $(LOCKS)/dev.txt pyproject.toml | .venv/bin/python
	@echo "pulsewatch: installing locked Python packages into .venv"
	@$(BIN)/python -m pip install $(PIP_OPTIONS) --require-hashes -r $(LOCKS)/dev.txt
	@$(BIN)/python -m pip install $(PIP_OPTIONS) -e .
	@touch $@

.venv-bench/.bench: $(LOCKS)/bench.txt pyproject.toml | .venv-bench/bin/python
	@echo "pulsewatch: installing the benchmarks' peers into .venv-bench"
	@.venv-bench/bin/python -m pip install $(PIP_OPTIONS) --require-hashes -r $(LOCKS)/bench.txt
	@.venv-bench/bin/python -m pip install $(PIP_OPTIONS) -e .
	@touch $@

.venv-train/.train: $(LOCKS)/dev.txt $(LOCKS)/train.txt pyproject.toml | .venv-train/bin/python
	@echo "pulsewatch: installing torch and the tests into .venv-train"
	@.venv-train/bin/python -m pip install $(PIP_OPTIONS) --require-hashes -r $(LOCKS)/train.txt
	@.venv-train/bin/python -m pip install $(PIP_OPTIONS) --require-hashes -r $(LOCKS)/dev.txt
	@.venv-train/bin/python -m pip install $(PIP_OPTIONS) -e .
	@touch $@
