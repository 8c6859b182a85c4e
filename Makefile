# The two commands: `make demo` sets everything up and runs the main job, `make test` sets up and runs the tests.
PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.installed
ONCE ?=
EVENTS ?= 2000

.DEFAULT_GOAL := help
ifdef JSON
.SILENT: # a result is one JSON document, and nothing else, on stdout
endif
.PHONY: help setup demo test test-quick check lint types imports contract bench bench-retention interop lock clean

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

setup: $(SETUP) ## Install everything into .venv

$(SETUP): requirements-dev.lock pyproject.toml
	@echo "Installing into .venv (a minute or two the first time) ..." >&2
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $(SETUP)

demo: $(SETUP) ## Run a day of four providers end to end; ONCE=1 ends after the summary, EVENTS=n
	$(BIN)/ledger demo --events $(EVENTS) $(if $(ONCE),--once)

test: $(SETUP) ## Run every test, on the embedded broker and PostgreSQL
	$(BIN)/python -m pytest

test-quick: $(SETUP) ## Run the tests that start no service
	$(BIN)/python -m pytest tests/unit

lint: $(SETUP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(SETUP)
	$(BIN)/mypy

imports: $(SETUP)
	$(BIN)/lint-imports

contract: $(SETUP)
	$(BIN)/python -m ledger.contract.fingerprints --check
	$(BIN)/python -m ledger.contract.evolution

check: lint types imports contract test ## What CI runs: lint, types, import rules, schemas, tests

interop: $(SETUP) ## Publish and read with Node's and Java's own Avro and Kafka clients; fetches them once
	LEDGER_INTEROP=1 $(BIN)/python -m pytest tests/interop

bench: $(SETUP) ## Measure against the bare pipe and the library's own way, in one run
	$(BIN)/python -m benchmarks.pipeline

bench-retention: $(SETUP) ## Measure the end of retention of a day against DELETE and UPDATE; JSON=1, EVENTS=n
	@$(BIN)/python -m benchmarks.retention

lock: ## Pin the newest versions that fit pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --extra dev --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url -c requirements-dev.lock pyproject.toml -o requirements.lock

clean: ## Remove the environment and the embedded services' state, and what was built
	rm -rf .venv .ledger tests/interop/java/target tests/interop/node/node_modules
