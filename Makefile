# `make run` and `make test` do all the set-up. VENV chooses another place for the virtual environment.
VENV ?= .venv
PYTHON ?= python3
PORT ?= 8501
BIN := $(VENV)/bin
TOOLS := $(VENV)/tools
PIP := -m pip --quiet --disable-pip-version-check install

# What the tools of `make test` keep goes into the virtual environment: the checkout may be read-only.
CACHES := $(abspath $(VENV))/.caches
export RUFF_CACHE_DIR := $(CACHES)/ruff
export MYPY_CACHE_DIR := $(CACHES)/mypy

.PHONY: run test test-fast metrics lint train evaluate bench fuzz soak faults lock sbom clean

# One heap for all threads (glibc): Streamlit runs each script in a new one, and what one has freed, others could not use.
run: $(VENV)/.app
	MALLOC_ARENA_MAX=1 $(BIN)/streamlit run Home.py --server.port $(PORT)

# A process for each core; the tests of a file stay together, since they share servers and tables.
PYTEST := $(BIN)/pytest -o cache_dir=$(CACHES)/pytest -n auto --dist loadfile

test: lint
	$(BIN)/mypy
	$(PYTEST)

# What needs nothing but the checkout, in under three minutes.
FAST := not slow and not browser and not corpus and not training and not proxy and not postgres and not packaging

test-fast: lint
	$(PYTEST) -m "$(FAST)"

# How dense the code is: syntax nodes a line, the longest line, the length of functions.
metrics: $(VENV)/.dev
	$(BIN)/python -m tests.support.metrics

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

bench: $(VENV)/.dev $(VENV)/.pins
	$(BIN)/python $(PIP) -r benchmarks/requirements.txt -c $(VENV)/.pins
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.prediction
	$(BIN)/python -m benchmarks.models

# The long checks behind docs/reliability.md, which they write: hostile files and made-up input (half an hour), half an hour under load, and faults.
fuzz: $(VENV)/.dev
	$(BIN)/python -m benchmarks.fuzz
	$(BIN)/python -m benchmarks.decoding

soak: $(VENV)/.dev
	$(BIN)/python -m benchmarks.soak

faults: $(VENV)/.dev
	$(BIN)/python -m benchmarks.faults

# Write the locks anew from the requirements files: one version of everything, with digests, for all platforms and Pythons from 3.11 on. What
# no requirements file pins stays as it was locked; `make lock UPGRADE=--upgrade` takes the newest. Then the list of components (SBOM).
LOCKS := requirements.lock requirements/dev.lock requirements/postgres.lock
UPGRADE ?=

lock: $(TOOLS)/.made
	index=$$($(TOOLS)/bin/python -m pip config get global.index-url 2>/dev/null) && export UV_DEFAULT_INDEX="$$index"; \
	for lock in $(LOCKS); do \
	  also=$$([ $$lock = requirements.lock ] || echo "--constraints requirements.lock"); \
	  $(TOOLS)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make lock" $(UPGRADE) $$also $${lock%.lock}.txt --output-file $$lock || exit 1; \
	done
	$(MAKE) sbom

# The tool adds addresses of its own pages, which are no part of this project, and the lines of the lock, which repeat all digests.
SBOM := requirements/sbom.cdx.json
TRIM_SBOM := import json, pathlib; path = pathlib.Path("$(SBOM)"); bom = json.loads(path.read_text()); \
  [tool.pop("externalReferences", None) for tool in bom["metadata"]["tools"]["components"]]; \
  [component.pop("description", None) for component in bom["components"]]; \
  path.write_text(json.dumps(bom, indent=2) + "\n")

sbom: $(TOOLS)/.made
	$(TOOLS)/bin/cyclonedx-py requirements --index-url "" --output-reproducible --validate --output-format JSON \
	  --output-file $(SBOM) requirements.lock
	$(TOOLS)/bin/python -c '$(TRIM_SBOM)'

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)

# A file that is not the one in the lock is not installed. Touch comes last: what was broken off is done again.
$(VENV)/.app: requirements.lock | $(VENV)/bin/python
	$(BIN)/python $(PIP) --require-hashes -r requirements.lock
	touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.app
	$(BIN)/python $(PIP) --require-hashes -r requirements/dev.lock
	touch $@

# PyTorch comes in builds of several digests: it is not locked, but brings nothing that is locked to another version.
$(VENV)/.train: requirements/train.txt $(VENV)/.app $(VENV)/.pins
	$(BIN)/python $(PIP) -r requirements/train.txt -c $(VENV)/.pins
	touch $@

# The locked versions without their digests, as limits to what is installed besides.
$(VENV)/.pins: requirements/dev.lock | $(VENV)/bin/python
	sed -n 's/^\([A-Za-z0-9].*[^ ]\) *\\$$/\1/p' requirements/dev.lock > $@

$(TOOLS)/.made: requirements/lock_tools.txt | $(VENV)/bin/python
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python $(PIP) -r requirements/lock_tools.txt
	touch $@
