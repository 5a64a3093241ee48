# Each target sets itself up in .venv; PYTHON chooses the interpreter that makes it.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint docs bench clean

demo: .venv/installed
	$(BIN)/python scripts/run_lss.py --example trpcage --lag 20ns --out demo --force

# In parts, each with processes of its own: TensorFlow keeps what it has compiled as long as a
# process lives, some 20 MB a network.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadfile
PAGES := tests/lss/report tests/lss/paths
test: .venv/installed-test
	$(PYTEST) tests/base tests/contract tests/srv
	$(PYTEST) tests/mdn tests/cwgan
	$(PYTEST) tests/reproduction tests/scripts tests/test_*.py $(PAGES)
	$(PYTEST) tests/lss $(PAGES:%=--ignore=%)

lint: .venv/installed-test
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/installed-docs
	$(BIN)/python -m sphinx -W --keep-going docs docs/_build/html

bench: .venv/installed-test
	$(BIN)/python benchmarks/encoder.py
	$(BIN)/python benchmarks/propagator.py
	$(BIN)/python benchmarks/sampler.py
	$(BIN)/python benchmarks/analysis.py
	$(BIN)/python benchmarks/workflows.py

clean:
	rm -rf .venv build dist *.egg-info demo docs/_build

.venv/installed: setup.py pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/installed-%: .venv/installed
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	touch $@
