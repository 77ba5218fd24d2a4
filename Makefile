# `make run` and `make test` do all the set-up. VENV chooses another place for the virtual environment.
VENV ?= .venv
PYTHON ?= python3
PORT ?= 8501
BIN := $(VENV)/bin

.PHONY: run test lint train evaluate bench fuzz soak faults clean

# One heap for all threads (glibc): Streamlit runs each script in a new one, and what one has freed, others could not use.
run: $(VENV)/.app
	MALLOC_ARENA_MAX=1 $(BIN)/streamlit run Home.py --server.port $(PORT)

test: lint
	$(BIN)/mypy
	$(BIN)/pytest

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Train everything that ships anew. Needs SER_CORPORA; goes on where it was interrupted.
LARGE := $(foreach corpus,ravdess crema-d nemo,$(addprefix data/$(corpus)/functionals_v1,.parquet _disturbed.parquet _noisy.parquet))

train: $(VENV)/.train $(LARGE)
	$(BIN)/python -m ser_core train

# Compute all figures anew: the folds of all protocols, then what noise, rooms, codecs and other sounds do to the models that `train` made,
# and how many training speakers it takes.
OTHERS := $(foreach corpus,crema-d nemo,$(addprefix data/$(corpus)/,acoustic128_v1.parquet mfcc128_v1.parquet))

evaluate: $(VENV)/.train $(LARGE) $(OTHERS)
	$(BIN)/python -m ser_core evaluate --refit --conditions --gate --explanations --learning-curves
	$(BIN)/python -m ser_core map
	$(BIN)/python -m ser_core contours

# The large feature tables are too big for the repository: they are computed once (about 25 minutes on two cores).
data/%/functionals_v1.parquet: | $(VENV)/.train
	$(BIN)/python -m ser_core extract $* --feature-set functionals_v1 --output $@

data/%/functionals_v1_disturbed.parquet: | $(VENV)/.train
	$(BIN)/python -m ser_core extract $* --feature-set functionals_v1 --copy disturbed --output $@

data/%/functionals_v1_noisy.parquet: | $(VENV)/.train
	$(BIN)/python -m ser_core extract $* --feature-set functionals_v1 --copy noisy --output $@

data/%/acoustic128_v1.parquet: | $(VENV)/.train
	$(BIN)/python -m ser_core extract $* --feature-set acoustic128_v1 --output $@

data/%/mfcc128_v1.parquet: | $(VENV)/.train
	$(BIN)/python -m ser_core extract $* --feature-set mfcc128_v1 --output $@

bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	$(BIN)/python -m ser_core bench
	$(BIN)/python benchmarks/prediction.py
	$(BIN)/python benchmarks/models.py

# The long checks behind RELIABILITY.md, which they write: hostile files and made-up input (half an hour), half an hour under load, and faults.
fuzz: $(VENV)/.dev
	$(BIN)/python -m benchmarks.fuzz
	$(BIN)/python -m benchmarks.decoding

soak: $(VENV)/.dev
	$(BIN)/python -m benchmarks.soak

faults: $(VENV)/.dev
	$(BIN)/python -m benchmarks.faults

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.app: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.train: requirements-train.txt $(VENV)/.app
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-train.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.app
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
