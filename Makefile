# `make run` and `make test` do all the set-up. VENV chooses another place for the virtual environment.
VENV ?= .venv
PYTHON ?= python3
PORT ?= 8501
BIN := $(VENV)/bin

.PHONY: run test lint train bench clean

run: $(VENV)/.app
	$(BIN)/streamlit run Home.py --server.port $(PORT)

test: lint
	$(BIN)/mypy
	$(BIN)/pytest

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Fit all folds and all models anew from the feature tables in data/.
train: $(VENV)/.app
	$(BIN)/python -m ser_core evaluate --refit
	$(BIN)/python -m ser_core train

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/prediction.py

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.app: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.app
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
