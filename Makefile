# Everything a fresh Debian or Ubuntu with Python 3.11+ and make needs: `make demo`, `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help install demo test lint check unit docs lock bench bench-reference fuzz clean

help:
	@echo "make demo    simulate a course, ingest it, print the answers, leave demo/report.html"
	@echo "make test    every check and test"
	@echo "make docs    write the generated pages of docs/ anew"
	@echo "make bench   measure beside what each figure compares with (needs Java 17, 20 GB of memory)"
	@echo "make fuzz    run the scanner of lines under sanitizers, on hostile lines"
	@echo "make lock    resolve the pinned versions anew"

install: $(VENV)/.made

$(VENV)/.made: pyproject.toml requirements.lock src/coursetrail/formats/_scan.c
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "coursetrail needs Python 3.11 or newer; try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "Python's venv is missing: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements.lock
	@# Where there is no C compiler, one from PyPI builds the scanner of lines.
	command -v $${CC:-cc} >/dev/null || $(PIP) --require-hashes -r compiler.lock
	command -v $${CC:-cc} >/dev/null || export CC="$(CURDIR)/$(BIN)/python -m ziglang cc"; \
	  $(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

demo: install
	$(BIN)/coursetrail demo --out demo

test: lint unit

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python docs/generate.py --check

unit: install
	$(BIN)/pytest

docs: install
	$(BIN)/python docs/generate.py

lock:
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --all-extras --generate-hashes --allow-unsafe --strip-extras \
	  --no-header --no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	  --output-file requirements.lock pyproject.toml

bench: install bench-reference
	$(BIN)/python bench/report.py
	$(BIN)/python bench/ingest.py
	$(BIN)/python bench/analyses.py
	$(BIN)/python bench/agents.py

fuzz: install
	$(BIN)/python bench/fuzz.py

bench-reference: $(BENCH)/.made

$(BENCH)/.made: bench/reference/requirements.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/pip install --quiet -r bench/reference/requirements.txt
	@touch $@

clean:
	rm -rf $(VENV) $(BENCH) build dist demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
