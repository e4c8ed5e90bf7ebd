# make run: set up and serve.  make test: set up, browser included, and test.  Both start from Python 3.11+ alone.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test setup compiled bench lint lock
run: setup compiled
	$(BIN)/cohort serve

setup: .venv/installed

test: .venv/installed-for-tests compiled
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: .venv/installed-for-tests compiled
	$(BIN)/cohort bench

lint: .venv/installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# The hashed versions are one file for all; what tests need on top is not in the way of running. The newest pip comes first: an old one
# takes half a minute to choose among files; and it compiles on one processor, compileall on all of them.
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Cohort needs Python 3.11 or newer; set PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	sed -n '/^pip==/,/[^\\]$$/p' requirements.lock > .venv/pip.lock
	$(PIP) --require-hashes -r .venv/pip.lock
	$(PIP) --require-hashes --no-compile -r requirements.lock
	$(BIN)/python -m compileall -qq -j 0 .venv/lib || true
	PYTHONWARNINGS=ignore $(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# Where PYTHONDONTWRITEBYTECODE is set, every process would compile the same modules anew.
compiled: .venv/installed
	@$(BIN)/python -m compileall -qq crm bench migrations || true

.venv/installed-for-tests: .venv/installed tests/browser/find_chromium.py
	$(BIN)/python tests/browser/find_chromium.py
	@touch $@

lock:
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -o requirements.lock
