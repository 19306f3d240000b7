# Two commands: `make figures` regenerates every figure and prints the board of claims; `make test` tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: figures test test-full check benchmarks clean
.DELETE_ON_ERROR:

figures: $(VENV)/installed
	$(BIN)/python -m experiments

test: $(VENV)/installed-test
	$(BIN)/python -m pytest

test-full: $(VENV)/installed-test
	$(BIN)/python -m pytest -m "default_run or not default_run"

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

benchmarks: $(VENV)/installed-test
	for name in rendering recording examining training reinforcing local_rules; do $(BIN)/python benchmarks/$$name.py || exit 1; done

# Each stamp is made once, and again only when what is to be installed has changed.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP_INSTALL) --editable .
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(PIP_INSTALL) --editable ".[test]"
	touch $@

$(VENV)/installed-dev: $(VENV)/installed-test
	$(PIP_INSTALL) --editable ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) .cache .pytest_cache .ruff_cache .mypy_cache figures/runs
