# serve · test · lint · data · bench · clean. Needs Python 3.11 or later, make and git; everything else is installed into .venv.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BROWSER ?= 1
ENGINES ?= oxigraph virtuoso fuseki
BENCH ?= full

VENV := .venv
BIN := $(VENV)/bin
INSTALL = VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet

.PHONY: serve test lint data bench clean
.DEFAULT_GOAL := serve

serve: data
	@$(BIN)/territoires serve --host $(HOST) --port $(PORT)

data: $(VENV)/.runtime
	@$(BIN)/territoires build

test: lint
	@if [ "$(BROWSER)" = 0 ]; then echo "Browser tests are left out (BROWSER=0)."; else $(BIN)/python tests/browser/chromium.py; fi
	@$(BIN)/python tests/engines.py $(ENGINES)
	@echo "Running the tests"
	@$(BIN)/python -m pytest $(if $(filter 0,$(BROWSER)),-m "not browser") $(if $(ENGINES),--engines "$(ENGINES)",--ignore tests/conformance/test_backends.py) && echo "All tests passed; ruff, mypy and import-linter found nothing."

lint: $(VENV)/.development
	@echo "Checking style, types and layers"
	@$(BIN)/ruff check server tests
	@$(BIN)/ruff format --check --quiet server tests
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > $(VENV)/lint-imports.log || { cat $(VENV)/lint-imports.log; exit 1; }

bench: $(VENV)/.development
	@$(BIN)/python -m tests.benchmarks.bench $(BENCH)

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: install it, or run make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Creating the environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed: install the venv module (Debian: apt-get install python3-venv)."; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

$(VENV)/.runtime: $(BIN)/uv requirements.lock pyproject.toml
	@echo "Installing the packages of requirements.lock"
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --editable .
	@touch $@

$(VENV)/.development: $(VENV)/.runtime requirements-dev.lock
	@echo "Installing the packages of requirements-dev.lock"
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf $(VENV) releases .mypy_cache .ruff_cache .pytest_cache
