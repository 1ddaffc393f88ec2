# Everything a person types. Needs make and Python 3.11 or later, nothing else; `make` alone lists the commands.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement
PORT ?= 8000
TEST_ARGS ?=
BENCH_ARGS ?=

# Development and tests read no production setting; an exported variable still wins.
DEBUG ?= 1
export DEBUG

.PHONY: help demo test check bench fix docs lock install browser clean

help:
	@echo "make demo    the whole product with a made-up program, on http://localhost:$(PORT)  (PORT=..., DATA=folder to import)"
	@echo "make test    every test, browser included  (TEST_ARGS='-k swap')"
	@echo "make check   lint, types, import contracts, migrations, templates, generated documents"
	@echo "make bench   the table of measured figures  (PROGRAM_DATA=folder, BENCH_ARGS='--only blocks')"
	@echo "make fix     format and repair what can be repaired"
	@echo "make docs    write the generated documents anew"
	@echo "make lock    resolve requirements*.in to hashed requirements*.txt (needs uv)"
	@echo "make clean   remove the environment and the local database"

# --- environment -----------------------------------------------------------------------------------------------------

$(BIN)/python:
	@sh .ci/venv $(VENV)

$(VENV)/.runtime: requirements.txt | $(BIN)/python
	@echo "Installing the product (about a minute) ..."
	@$(PIP) requirements.txt
	@touch $@

$(VENV)/.development: requirements-dev.txt | $(BIN)/python
	@echo "Installing the product and its tools (about a minute and a half) ..."
	@$(PIP) requirements-dev.txt
	@touch $@ $(VENV)/.runtime

install: $(VENV)/.development

# --- run -------------------------------------------------------------------------------------------------------------

# Another program gets a data folder of its own, so that two never mix.
DEMO_DIR := $(or $(DATA_DIR),$(CURDIR)/var$(if $(DATA),/$(notdir $(abspath $(DATA)))))

demo: $(VENV)/.runtime
	@DEMO=1 DATA_DIR="$(DEMO_DIR)" exec $(BIN)/python -W ignore::UserWarning:django.forms.fields \
		manage.py demo --port $(PORT) $(if $(DATA),--data "$(abspath $(DATA))")

bench: $(VENV)/.runtime
	@exec $(BIN)/python manage.py bench $(BENCH_ARGS)

# --- judge -----------------------------------------------------------------------------------------------------------

test: $(VENV)/.development browser
	@DATA_DIR="$(CURDIR)/var/test" $(BIN)/python -m pytest -n 2 --dist worksteal $(TEST_ARGS)

browser:
	@sh .ci/browser

check: $(VENV)/.development
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@$(BIN)/python manage.py rules_doc --check
	@find templates -name '*.html' -print0 | xargs -0 $(BIN)/djade --check

fix: $(VENV)/.development
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@find templates -name '*.html' -print0 | xargs -0 $(BIN)/djade

docs: $(VENV)/.development
	@$(BIN)/python manage.py rules_doc

lock:
	uv pip compile --universal --generate-hashes --python-version 3.11 --upgrade requirements.in -o requirements.txt
	uv pip compile --universal --generate-hashes --python-version 3.11 --upgrade requirements-dev.in -o requirements-dev.txt
	uv pip compile --universal --generate-hashes --python-version 3.11 --upgrade requirements-s3.in -o requirements-s3.txt

clean:
	-@test -x $(BIN)/python && $(BIN)/python manage.py localdb stop
	rm -rf $(VENV) var staticfiles
