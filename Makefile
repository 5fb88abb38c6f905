# Everything a newcomer needs: `make demo`, `make test`. Both set up what they need on first use.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# One thread for each test process: two processes of two threads each are slower than two of one.
TEST_ENVIRONMENT := OMP_NUM_THREADS=1 MPLBACKEND=Agg

.PHONY: setup demo test lint format docs clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	touch $(STAMP)

demo: setup
	rm -rf unfind-demo
	$(BIN)/unfind demo --out unfind-demo

test: setup lint
	$(TEST_ENVIRONMENT) $(BIN)/pytest --numprocesses 2 --dist worksteal

lint: setup
	$(BIN)/ruff check src tests docs benchmarks examples
	$(BIN)/ruff format --check src tests docs benchmarks examples
	$(BIN)/mypy

format: setup
	$(BIN)/ruff check --fix src tests docs benchmarks examples
	$(BIN)/ruff format src tests docs benchmarks examples

docs: setup
	$(BIN)/sphinx-build --fail-on-warning --quiet docs docs/_build/html

clean:
	rm -rf .venv unfind-demo docs/_build .mypy_cache .pytest_cache .ruff_cache
