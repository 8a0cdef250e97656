# Every verb of the project. `make` alone prints them.
.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
PIP := $(UV) pip install --quiet --python $(BIN)/python
LOCK := $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- setting up: each stamp is made once, and again when its requirements change ---

$(UV): requirements/bootstrap.txt
	@python=; for p in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$p; break; fi; done; \
	if [ -z "$$python" ]; then \
	  echo "This project needs Python 3.11 or newer; found $$(python3 --version 2>&1 || true)." >&2; \
	  echo "Install one, or name it: make PYTHON=/path/to/python3.12 run" >&2; exit 1; fi; \
	echo "setting up $(VENV) with $$($$python --version)"; \
	$$python -m venv $(VENV) || { \
	  echo "This Python cannot make virtual environments (on Debian: apt install python3-venv)." >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/bootstrap.txt
	@touch $@

$(VENV)/run.stamp: requirements/run.txt pyproject.toml $(UV)
	@echo "installing what running needs"
	@$(PIP) --require-hashes -r requirements/run.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/run.stamp
	@echo "installing what testing needs"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/bench.stamp: requirements/bench.txt $(VENV)/dev.stamp
	@echo "installing what measuring needs"
	@$(PIP) --require-hashes -r requirements/bench.txt
	@touch $@

.PHONY: setup
setup: $(VENV)/dev.stamp ## Set up everything: a virtual environment with all that running and testing need

.PHONY: lock
lock: $(UV) ## Compile requirements/*.txt from pyproject.toml (UPGRADE=1 takes newer versions)
	$(LOCK) --group pyproject.toml:bootstrap -o requirements/bootstrap.txt
	$(LOCK) pyproject.toml --group build -o requirements/run.txt
	$(LOCK) pyproject.toml --group build --group dev -c requirements/run.txt -o requirements/dev.txt
	$(LOCK) pyproject.toml --group build --group dev --group bench -c requirements/dev.txt -o requirements/bench.txt

.PHONY: lock-check
lock-check: $(VENV)/dev.stamp ## Check that requirements/*.txt are what pyproject.toml compiles to
	@copy=$$(mktemp -d) && cp -p pyproject.toml README.md $$copy && cp -rp requirements $$copy \
	  && $(MAKE) --no-print-directory -C $$copy -f $(CURDIR)/Makefile -s lock UV=$(CURDIR)/$(UV) >/dev/null \
	  && diff -r requirements $$copy/requirements && rm -r $$copy && echo "requirements are up to date"

# --- running ---

.PHONY: run
run: $(VENV)/run.stamp ## The main job: send real flows on the embedded engine, and say what happened
	@$(BIN)/failover demo

.PHONY: dev
dev: $(VENV)/run.stamp ## Everything in one terminal: engine, Temporal UI, sandbox, worker, API
	@$(BIN)/failover dev

.PHONY: cluster
cluster: $(VENV)/dev.stamp ## A real Temporal cluster on PostgreSQL with our service on it (ARGS=--help)
	@$(BIN)/python -m tests.cluster $(ARGS)

.PHONY: cluster-programs
cluster-programs: $(VENV)/dev.stamp ## Build Temporal's programs where they are not, and install PostgreSQL
	@$(BIN)/python -m tests.postgres --install
	@$(BIN)/python -m tests.engines.programs

# --- testing ---

PYTEST := $(BIN)/python -m pytest

.PHONY: test
test: $(VENV)/dev.stamp ## All tests; starts the one server they need
	@$(BIN)/coverage run -m pytest $(ARGS)

.PHONY: test-fast
test-fast: $(VENV)/dev.stamp ## The tests that need no server: a few seconds
	@$(PYTEST) -m "not server" $(ARGS)

.PHONY: test-postgres
test-postgres: $(VENV)/dev.stamp ## The tests that use a database, on PostgreSQL; starts Debian's by itself
	@$(PYTEST) --postgres $(ARGS)

.PHONY: postgres
postgres: $(VENV)/dev.stamp ## Install Debian's PostgreSQL where none is, as root
	@$(BIN)/python -m tests.postgres --install

.PHONY: test-kannel
test-kannel: $(VENV)/dev.stamp ## Flows through a real Kannel, to its fake SMSC and to one by SMPP
	@npm ci --prefix tests/kannel/smpp --silent
	@$(PYTEST) tests/kannel -q $(ARGS)

.PHONY: kannel
kannel: $(VENV)/dev.stamp ## Install Debian's Kannel where none is, as root; its service stays off
	@$(BIN)/python -m tests.kannel.install --install

.PHONY: coverage
coverage: ## What the last `make test` covered: all of domain/ and workflows/, by branch
	@$(BIN)/coverage report --include='domain/*,workflows/*' --fail-under=100
	@$(BIN)/coverage report --fail-under=85 | tail -n 3

.PHONY: histories
histories: $(VENV)/dev.stamp ## Record the workflow histories of the release to come, from a plain server
	@$(PYTEST) tests/workflows/test_histories.py tests/workflows/upgrades/test_stages.py \
	  -k "costs or fails_over_after" -q --record-histories

.PHONY: fuzz
fuzz: $(VENV)/dev.stamp ## Ask the API what nobody would, in minutes (EXAMPLES=100 more, SEED=1 others)
	@$(PYTEST) tests/fuzz -q $(if $(EXAMPLES),--examples $(EXAMPLES)) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: receivers
receivers: $(VENV)/dev.stamp ## Call back receivers of every kind, with the deadline of production, and say what came of it
	@FULL=1 $(PYTEST) tests/api/test_receivers.py -q $(ARGS)

.PHONY: test-kills
test-kills: $(VENV)/dev.stamp ## Kill workers with -9 in every phase of a send, in 2 minutes (ROUNDS=100 more, SEED=1 again)
	@$(PYTEST) tests/kills -q $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: test-callbacks
test-callbacks: $(VENV)/dev.stamp ## Tell receivers that are down, slow, killed or wrong, in 2 minutes (FLOWS=10000 more, SEED=1 again)
	@$(PYTEST) tests/chaos -q $(if $(FLOWS),--flows $(FLOWS)) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: test-cluster
test-cluster: $(VENV)/dev.stamp ## Kill each process of a real cluster under load, in 5 minutes (ROUNDS=20 more, SEED=1 again)
	@$(PYTEST) tests/cluster -q $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: test-secrets
test-secrets: $(VENV)/dev.stamp ## Dump all that a run writes down, and find no secret in it; without the seal, all
	@$(PYTEST) tests/secrecy -q $(ARGS)

.PHONY: faults
faults: $(VENV)/dev.stamp ## Play 20 rounds of faults, and judge them from outside (ROUNDS=200 more and a report, SEED=1 again)
	@$(BIN)/python -m tests.proof $(if $(ENGINE),--engine $(ENGINE)) $(if $(DATABASE),--database $(DATABASE)) \
	  $(if $(SEED),--seed $(SEED)) $(if $(ROUNDS),--rounds $(ROUNDS) --report docs/faults.md \
	  --picture docs/images/faults.svg) $(ARGS)

.PHONY: test-twilio
test-twilio: $(VENV)/dev.stamp ## Send to Twilio's own OpenAPI document, served by Prism; needs npm
	@npm ci --prefix tests/prism --silent && $(PYTEST) tests/prism -q $(ARGS)

.PHONY: test-receivers
test-receivers: $(VENV)/dev.stamp ## Run the receivers of docs/callbacks.md; needs node, go and javac
	@$(PYTEST) tests/receivers -q $(ARGS)

ENGINE := development

.PHONY: bench
bench: $(VENV)/bench.stamp ## Measure ours beside a bare program and DBOS, in 30 minutes (ENGINE=cluster, ONLY=flows)
	@$(BIN)/python -m bench --engine $(ENGINE) $(addprefix --only ,$(ONLY)) \
	  --document docs/performance.md --pictures docs/images $(ARGS)

.PHONY: bench-search
bench-search: $(VENV)/dev.stamp ## Measure the search of flows among a million, on both databases
	@$(BIN)/python -m bench.search --document docs/search.md $(ARGS)

.PHONY: bench-callbacks
bench-callbacks: $(VENV)/dev.stamp ## Measure what dead receivers do to the others, in 20 minutes (FLOWS=100: a trial)
	@$(BIN)/python -m bench.callbacks $(if $(FLOWS),--flows $(FLOWS),--document docs/isolation.md \
	  --picture docs/images/isolation.svg) $(ARGS)

# --- checking ---

.PHONY: format
format: $(VENV)/dev.stamp ## Format the code
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --fix --quiet .

.PHONY: lint
lint: $(VENV)/dev.stamp ## Format and style
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . && echo "lint: clean"

.PHONY: types
types: $(VENV)/dev.stamp ## Strict types, tests included
	@$(BIN)/mypy

.PHONY: imports
imports: $(VENV)/dev.stamp ## The import contracts
	@$(BIN)/lint-imports --no-cache

.PHONY: openapi
openapi: $(VENV)/run.stamp ## Write docs/openapi.json from the code
	@$(BIN)/failover document openapi > docs/openapi.json

.PHONY: fields
fields: $(VENV)/run.stamp ## Write docs/fields.md: every field of the contract, and its tests
	@$(BIN)/python -m tests.api.contract.table > docs/fields.md

.PHONY: contract
contract: $(VENV)/dev.stamp ## Write docs/providers/contract.md: the cases that every provider passes
	@$(BIN)/python -m tests.providers.table > docs/providers/contract.md

.PHONY: docs
docs: openapi fields contract ## Write every generated document: the OpenAPI document, the tables
	@$(BIN)/failover document channels > docs/failover.md

.PHONY: docs-check
docs-check: docs ## Check that the generated documents are committed
	@git diff --exit-code --stat -- docs && echo "documents are up to date"

.PHONY: compose
compose: ## Validate docker-compose.yml by the Compose specification's JSON schema
	@npm ci --prefix deploy/compose --silent && node deploy/compose/validate.mjs docker-compose.yml

.PHONY: ci
ci: ## All that CI does, cheapest first, with each part's time
	@for part in $(if $(PARTS),$(PARTS),lint imports types lock-check docs-check compose run test coverage \
	  cluster-programs test-postgres fuzz kannel test-kannel test-twilio test-receivers test-callbacks test-kills \
	  test-secrets test-cluster); do \
	  echo "--- $$part"; started=$$(date +%s); \
	  $(MAKE) --no-print-directory $$part || { echo "--- $$part FAILED"; exit 1; }; \
	  echo "--- $$part: $$(($$(date +%s) - started)) s"; done
