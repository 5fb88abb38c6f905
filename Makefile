# Everything a newcomer needs: `make demo`, `make test`. Both set up what they need on first use.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
PAGE := src/unfind/service/page/index.html
PACKAGES := web/node_modules/.package-lock.json
# One thread for each test process: two processes of two threads each are slower than two of one.
TEST_ENVIRONMENT := OMP_NUM_THREADS=1 MPLBACKEND=Agg

.PHONY: setup demo page test test-page lint format docs clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	@if command -v npm > /dev/null; then $(MAKE) --no-print-directory page \
		|| echo "unfind: the web page could not be built; all else works without it." >&2; \
		else echo "unfind: there is no npm, so the web page is not built; all else works without it." >&2; fi
	touch $(STAMP)

page: $(PAGE)

$(PACKAGES): web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel=error
	touch $(PACKAGES)

$(PAGE): $(PACKAGES) $(shell find web -path web/node_modules -prune -o -path web/tests -prune -o -type f -print)
	cd web && npm run --silent build
	touch $(PAGE)

demo: setup
	rm -rf unfind-demo
	$(BIN)/unfind demo --out unfind-demo

test: setup lint test-page
	$(TEST_ENVIRONMENT) $(BIN)/pytest --numprocesses 2 --dist worksteal

# Where the page's packages are; nobody needs npm to work on the rest.
test-page: setup
	@if [ -d web/node_modules ]; then $(MAKE) --no-print-directory page && cd web && npm test --silent; \
		else echo "unfind: the page's packages are not there, so its own tests are left out." >&2; fi

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
	rm -rf .venv web/node_modules src/unfind/service/page unfind-demo docs/_build .mypy_cache .pytest_cache .ruff_cache
