# Everything a fresh Debian or Ubuntu with Python 3.11+ and make needs: `make demo`, `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
# Each process of the tests takes up to 4 GB of memory, with a cluster.
PYTEST = $(BIN)/pytest --numprocesses auto --maxprocesses $(WORKERS)
WORKERS ?= 4
FUZZ := .fuzz
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
HEADERS := import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))
# Debian keeps parts of Python in packages of their own: installed by root, asked for by anybody else.
missing = { p=$(notdir $(PYTHON))-$(1); test "$$(id -u)" = 0 && apt-get update -qq && \
  apt-get install -qq --no-install-recommends $$p || { echo "A part of Python is missing: apt install $$p"; exit 1; }; }

.PHONY: help install install-dev demo test quick soak lint unit wheel docs lock bench bench-reference fuzz clean

help:
	@echo "make demo    simulate a course, ingest it, print the answers, leave demo/report.html"
	@echo "make test    every check and test"
	@echo "make quick   the checks and the fast tests, without Java: for the inner loop"
	@echo "make soak    what takes long: fifty kills at random, and the fuzzing of make fuzz"
	@echo "make wheel   build the sdist and the wheel into dist/"
	@echo "make docs    write the generated pages of docs/ again"
	@echo "make bench   measure beside what each figure compares with (needs Java 17, 20 GB of memory)"
	@echo "make fuzz    run every reader and lookup on hostile bytes, the scanner in C under sanitizers too"
	@echo "make lock    resolve the pinned versions again"

install: $(VENV)/.made
install-dev: $(VENV)/.made-dev

$(VENV)/.made: pyproject.toml requirements.lock $(wildcard src/coursetrail/reading/native/*)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "coursetrail needs Python 3.11 or newer; try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(call missing,venv)
	@$(PYTHON) -c '$(HEADERS)' || $(call missing,dev)
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements.lock
	@# Where there is no C compiler, one from PyPI builds the scanner of lines.
	command -v $${CC:-cc} >/dev/null || $(PIP) --require-hashes -r compiler.lock
	command -v $${CC:-cc} >/dev/null || export CC="$(CURDIR)/$(BIN)/python -m ziglang cc"; \
	  $(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.made-dev: $(VENV)/.made requirements-dev.lock
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

demo: install
	$(BIN)/coursetrail demo --out demo

test: lint unit

lint: install-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python docs/generate.py --check

unit: install-dev .hadoop/ready
	$(PYTEST)

quick: lint
	$(PYTEST) -m "not java and not slow"

soak: install-dev fuzz
	$(PYTEST) --soak tests/test_kills.py

wheel: install-dev
	rm -rf build dist
	$(BIN)/python -m build --no-isolation

# HDFS and YARN for tests, beyond what is in pyspark. Without them their tests are skipped; in CI they fail.
.hadoop/ready: tests/support/hadoop/pom.xml tests/support/hadoop/jars.sha256 | $(VENV)/.made-dev
	-$(BIN)/python tests/support/hadoop/fetch.py .hadoop

docs: install-dev
	$(BIN)/python docs/generate.py

lock: install-dev
	$(PIP) pip-tools
	$(COMPILE) --all-extras --output-file requirements-dev.lock pyproject.toml
	sed 's/ *\\$$//; /--hash/d' requirements-dev.lock > $(VENV)/pins
	$(COMPILE) --extra build --constraint $(VENV)/pins --output-file requirements.lock pyproject.toml
	for of in reference/requirements fuzz-requirements; do \
	  $(COMPILE) --output-file bench/$$of.lock bench/$$of.in || exit 1; done

bench: install-dev bench-reference
	$(BIN)/python bench/report.py
	$(BIN)/python bench/ingest.py
	$(BIN)/python bench/analyses.py
	$(BIN)/python bench/agents.py
	$(BIN)/python bench/on_spark.py

fuzz: install-dev $(FUZZ)/.made
	PYTHONPATH=$(FUZZ) $(BIN)/python bench/fuzz_readers.py
	$(BIN)/python bench/fuzz.py

$(FUZZ)/.made: bench/fuzz-requirements.lock compiler.lock
	$(PIP) --no-deps --only-binary :all: --require-hashes --upgrade --target $(FUZZ) -r bench/fuzz-requirements.lock
	$(PIP) --require-hashes --upgrade --target $(FUZZ) -r compiler.lock
	@touch $@

bench-reference: $(BENCH)/.made

$(BENCH)/.made: bench/reference/requirements.lock
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/pip install --quiet --require-hashes -r bench/reference/requirements.lock
	@touch $@

clean:
	rm -rf $(VENV) $(BENCH) $(FUZZ) .hadoop build dist demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
