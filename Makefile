# Everything a fresh machine with Python 3.11 and make needs. `make help` lists the verbs.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
CAINI := $(BIN)/caini
DATA ?=
PORT ?= 8000
LOG ?= data/log.parquet
BUNDLES ?= data/bundles
REPORT ?= data/report
LANGUAGE ?= en
PYTEST := $(BIN)/pytest

export OPENBLAS_NUM_THREADS = 1

.PHONY: help setup demo tea test check lint types imports format coverage bench train serve report lock

help: ## list the verbs
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-10s %s\n", $$1, $$2}'

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
	  || { echo "Caini needs Python 3.11; name it with: make PYTHON=/path/to/python3.11 …"; exit 1; }
	@echo "setting up .venv from requirements.lock: once, a few minutes"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: .venv/ready ## make .venv with everything in it, from the lock file

demo: setup ## simulate a shop (or DATA=FILE), train, serve, show slates that react; Ctrl-C ends it
	$(CAINI) demo --port $(PORT) $(if $(DATA),--data $(DATA))

test: setup ## run the tests
	$(PYTEST) -q -n 2

check: setup ## all that CI runs; two at a time, for types and lint leave one core idle
	@$(MAKE) --no-print-directory -j 2 lint types imports coverage

lint: setup ## style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## mypy --strict
	$(BIN)/mypy

imports: setup ## the import law
	$(BIN)/lint-imports

coverage: setup ## the tests with branch coverage
	$(PYTEST) -q -n 2 --cov --cov-report=term

format: setup ## bring the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## run the named benchmarks; results in bench/results
	$(BIN)/python -m bench

train: setup ## train LOG and publish to BUNDLES
	$(CAINI) train --log $(LOG) --out $(BUNDLES)

serve: setup ## serve BUNDLES on PORT
	$(CAINI) serve --bundles $(BUNDLES) --port $(PORT)

tea: setup ## serve the tea shop of docs/api.md on PORT, new each time; Ctrl-C ends it
	$(BIN)/python -m tests.tea $(PORT)

report: setup ## write the merchandiser's report on LOG and BUNDLES to REPORT (LANGUAGE=zh: 中文)
	$(CAINI) report --bundles $(BUNDLES) --log $(LOG) --out $(REPORT) --lang $(LANGUAGE)

lock: ## renew requirements.lock (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --generate-hashes --custom-compile-command 'make lock' --python-version 3.11 --quiet -o requirements.lock
