# make demo, make test, make bench: all that a newcomer needs. Everything is installed below this folder or by apt.
SHELL := /bin/bash
VENV := .venv
PYTHON := $(VENV)/bin/python
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
LOCKS := requirements/daemon.txt requirements/postgres.txt requirements/plan.txt requirements/test.txt
COMPILE = $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock" pyproject.toml

SEED ?= 1
MUTANTS ?= 200

.PHONY: demo install test check unit bench chaos mutants docs lock setup clean

# What a centre needs beside its configuration; docs/operations.md goes on from here.
install: $(VENV)/.daemon
	config/deploy/packages.sh run
	config/deploy/asterisk.sh >/dev/null

demo: $(VENV)/.daemon
	config/deploy/packages.sh demo
	config/deploy/asterisk.sh >/dev/null
	exec $(VENV)/bin/acd demo

test: setup
	config/deploy/packages.sh test
	config/deploy/asterisk.sh >/dev/null
	$(MAKE) --no-print-directory check
	tests/run.sh $(PYTHON)

check: setup
	$(VENV)/bin/ruff format --check -q .
	$(VENV)/bin/ruff check -q .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache

unit: setup
	$(PYTHON) -m pytest tests/unit tests/properties

setup: $(VENV)/.done

$(VENV)/.done: $(LOCKS) pyproject.toml
	@command -v $(UV) >/dev/null || { python3 -m venv .tools && .tools/bin/pip -q install uv; } || \
		{ echo "setup: python3 with venv is needed: apt-get install python3-venv" >&2; exit 1; }
	$(UV) venv -q --allow-existing --python '>=3.11' $(VENV)
	$(UV) pip sync -q --compile-bytecode --python $(PYTHON) --require-hashes requirements/test.txt
	$(UV) pip install -q --python $(PYTHON) --no-deps -e .
	@touch $@

# What the daemon needs is all that the demonstration needs; where the tests' is installed, that is there too.
$(VENV)/.daemon: requirements/daemon.txt pyproject.toml
	@command -v $(UV) >/dev/null || { python3 -m venv .tools && .tools/bin/pip -q install uv; } || \
		{ echo "demo: python3 with venv is needed: apt-get install python3-venv" >&2; exit 1; }
	@test $(VENV)/.done -nt requirements/daemon.txt || { \
		$(UV) venv -q --allow-existing --python '>=3.11' $(VENV) && \
		$(UV) pip sync -q --compile-bytecode --python $(PYTHON) --require-hashes requirements/daemon.txt && \
		$(UV) pip install -q --python $(PYTHON) --no-deps -e . && rm -f $(VENV)/.done; }
	@touch $@

bench: setup
	config/deploy/packages.sh test
	config/deploy/asterisk.sh >/dev/null
	$(PYTHON) -m tests.bench

# Random small changes to the rules, each of which some test must notice. SEED= which sample, MUTANTS= how many.
mutants: setup
	SEED="$(SEED)" MUTANTS="$(MUTANTS)" nice $(PYTHON) -m tests.mutants

chaos: setup
	config/deploy/packages.sh test
	config/deploy/asterisk.sh >/dev/null
	$(PYTHON) -m tests.chaos.callbacks
	$(PYTHON) -m tests.chaos $(CHAOS)

docs: setup
	$(PYTHON) -m tests.diagrams
	$(PYTHON) -m tests.pictures

lock:
	$(COMPILE) -o requirements/daemon.txt
	$(COMPILE) --extra postgres -o requirements/postgres.txt
	$(COMPILE) --extra plan -o requirements/plan.txt
	$(COMPILE) --extra test -o requirements/test.txt

clean:
	rm -rf $(VENV) .tools build .mypy_cache .pytest_cache .ruff_cache .hypothesis
