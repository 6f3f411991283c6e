# Candour. `make` alone lists what there is.

PYTHON ?= python3
JOBS ?= 3
TESTS ?=
MINUTES ?= 6
VOICES ?= $(wildcard ../shared/audio/librispeech)

VENV := .venv
BIN := $(VENV)/bin
MADE := $(VENV)/.made
TRAIN := .venv-train
TRAIN_MADE := $(TRAIN)/.made
PIP := pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo serve test lint bench lock clean demo-corpus demo-voices demo-train demo-convert demo-evaluate demo-sample

help: ## this list
	@grep -hE '^[a-z-]+:.* ## ' $(MAKEFILE_LIST) | sed 's/:.* ## /|/' | awk -F'|' '{ printf "  make %-14s %s\n", $$1, $$2 }'

demo: $(MADE) ## the whole way of a conversation on the sample, with the real engine
	@rm -rf candour-demo
	$(BIN)/candour demo

serve: $(MADE) ## the page, on the home that `make demo` leaves
	@test -d candour-demo/home || { echo 'make demo makes the home that this serves'; exit 1; }
	$(BIN)/candour serve --home candour-demo/home --passphrase-file candour-demo/secrets/passphrase --as ruth

test: $(MADE) ## the tests; TESTS=tests/storage for some of them, JOBS=5 on four cores
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(TESTS)

lint: $(MADE) ## style, types and the layers of the house
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(MADE) ## the tables in docs/benchmarks.md, measured here; MINUTES=90 to transcribe a whole conversation, VOICES=FOLDER to tell real voices apart
	$(BIN)/python -m tools.bench_age
	$(BIN)/python -m tools.bench_log
	$(BIN)/python -m tools.bench_names
	$(BIN)/python -m tools.bench_export
	$(BIN)/python -m tools.bench_page
	$(BIN)/python -m tools.bench_transcription --minutes $(MINUTES)
	$(BIN)/python -m tools.bench_speakers $(if $(VOICES),--voices $(VOICES))
	$(BIN)/python -m demo.evaluate

lock: ## requirements.lock anew from pyproject.toml; needs uv
	@PATH="$(BIN):$$PATH"; command -v uv >/dev/null || { echo 'make lock needs the program uv'; exit 1; }
	PATH="$(BIN):$$PATH" uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
	  --no-emit-index-url --python-version 3.11 pyproject.toml --group dev --extra postgres --extra record -o requirements.lock

clean: ## remove the environments and everything made from the sources
	rm -rf $(VENV) $(TRAIN) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The demo speech model, from nothing; demo-voices and demo-sample need the programs flite and ffmpeg.
demo-corpus: $(TRAIN_MADE) ## the demo model: print some of the language it learns
	$(TRAIN)/bin/python -m demo.corpus

demo-voices: $(TRAIN_MADE) ## the demo model: speak the training sentences with synthetic voices
	$(TRAIN)/bin/python -m demo.features

demo-train: $(TRAIN_MADE) ## the demo model: train it, about 75 minutes on two cores
	$(TRAIN)/bin/python -m demo.train

demo-convert: $(TRAIN_MADE) ## the demo model: write demo/model from the checkpoint
	$(TRAIN)/bin/python -m demo.convert

demo-evaluate: $(MADE) ## the demo model: measure it the way Candour uses it
	$(BIN)/python -m demo.evaluate

demo-sample: $(MADE) ## the demo model: render the sample conversations anew
	$(BIN)/python -m demo.sample

# The lock alone decides what is installed: nothing is fetched that is not in it, by hash.
$(MADE): requirements.lock
	$(make_venv) $(VENV)
	$(BIN)/$(PIP) --require-hashes -r requirements.lock
	$(BIN)/$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(TRAIN_MADE): demo/requirements-train.txt
	$(make_venv) $(TRAIN)
	$(TRAIN)/bin/$(PIP) -r demo/requirements-train.txt
	@touch $@

define make_venv
@command -v $(PYTHON) >/dev/null || { echo 'Candour needs Python 3.11 or newer; name one with make PYTHON=python3.12'; exit 1; }
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
  { echo "Candour needs Python 3.11 or newer, and $$($(PYTHON) -V) was found; name another with make PYTHON=python3.12"; exit 1; }
@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
  { echo 'This Python cannot make environments; on Debian and Ubuntu: apt install python3-venv'; exit 1; }
$(PYTHON) -m venv --clear
endef
