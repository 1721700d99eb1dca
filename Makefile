# The project's commands; `make` lists them.
#
# Set-up is done once. Its last act is a stamp in .venv named by the hash of what was asked for, so that the next call
# skips it in a moment, a change of pyproject.toml or constraints.txt brings it up to date, and one that was
# stopped half-way (no stamp) is made anew.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# Many container images ask Python to keep no compiled modules. As the set-up compiles none either (see INSTALL_WITH), every
# process would compile all that it imports: 10 s of processor time instead of 3 for Great Expectations alone.
unexport PYTHONDONTWRITEBYTECODE

# Where things are; each may be given on the command line: make demo DIR=/tmp/demo
DIR ?= demo
# Another index for torch: TORCH_INDEX=https://download.pytorch.org/whl/cpu where pip's own default is the CUDA build.
TORCH_INDEX ?=
# Of make bench: one area alone; all where it is not given.
AREA ?=
# UV=1 sets up with uv in pip's place.
UV ?=

ifndef PYTHON
PYTHON := $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)
endif

BIN := .venv/bin
# A virtual environment is bound to its Python and to the folder it stands in.
BOUND_TO := $(shell "$(PYTHON)" -c 'import os, sys; print(sys.version.split()[0], os.getcwd())' 2>/dev/null)
ASKED_FOR := $(shell { cat pyproject.toml constraints.txt; echo "$(BOUND_TO)"; } | sha256sum | cut -c 1-16)
READY := .venv/.ready-to-run-$(ASKED_FOR)
READY_FOR_TESTS := .venv/.ready-to-test-$(ASKED_FOR)

ifdef UV
PIP := uv pip install --python $(BIN)/python
else
PIP := $(BIN)/python -m pip install --disable-pip-version-check --no-compile $(if $(MAKE_TERMOUT),,--quiet)
endif
# torch first and alone, as it may come from another index. A pip older than 25 takes twice as long to agree on versions,
# and compiling all modules ahead takes longer than Python takes to compile those that it imports.
INSTALL_WITH = $(if $(UV),,$(PIP) 'pip>=25' && )$(PIP) -c constraints.txt $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch \
	&& $(PIP) -c constraints.txt --editable

# Root, or sudo that asks nothing, on a machine with Debian's packages.
MAY_INSTALL := command -v apt-get >/dev/null && { [ "$$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
AS_ROOT := $$([ "$$(id -u)" = 0 ] || echo sudo -n) env DEBIAN_FRONTEND=noninteractive
INSTALL := $(AS_ROOT) apt-get -qq update && $(AS_ROOT) apt-get -qq install --no-install-recommends -y

.PHONY: help setup demo test seeds bench lineage dashboard lint format docs pins clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY_FOR_TESTS) ## set up .venv with all that running and testing need (UV=1, TORCH_INDEX=URL, PYTHON=python3.12)

demo: $(READY) ## make the simulated programme in DIR (default: demo), run its round, print the ranking and why
	@$(BIN)/gwanmun demo --dir "$(DIR)"

test: $(READY_FOR_TESTS) ## run all tests; the page's need Chromium and Korean fonts, installed where that is allowed
	@$(browser_or_not); $(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder --durations=15

seeds: $(READY_FOR_TESTS) ## run what takes too long for every day, and what is drawn from other examples than every day's
	@$(BIN)/python -m pytest -m 'slow or hypothesis' --hypothesis-profile drawn

dashboard: $(READY) ## show the programme in DIR in a browser
	@$(BIN)/gwanmun dashboard "$(DIR)/programme.yaml"

bench: $(READY_FOR_TESTS) ## speed and memory as ratios against named peers, measured here (AREA=independence: that alone)
	@$(BIN)/python -m tests.performance $(AREA)

lineage: $(READY_FOR_TESTS) ## derivatives of models × disguises, and unrelated pairs, beside published statistics (docs/notes; 2 hours)
	@OMP_NUM_THREADS=1 $(BIN)/python -m tests.lineage.matrix --out docs/notes/lineage-matrix.md
	@OMP_NUM_THREADS=1 $(BIN)/python -m tests.lineage.side_by_side --out docs/notes/lineage-baselines.md

lint: $(READY_FOR_TESTS) ## check style, types and the direction of imports
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-logo

format: $(READY_FOR_TESTS) ## put the code in the house's style
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

docs: $(READY_FOR_TESTS) ## write the generated pages of docs/ anew
	@$(BIN)/python -m docs.generate

pins: $(READY_FOR_TESTS) ## write constraints.txt anew from what .venv holds
	@{ sed '/^[^#]/,$$d' constraints.txt; $(BIN)/python -m pip list --format=freeze --exclude-editable \
		| grep -viE '^(pip|setuptools|uv)==' | sed 's/+.*//' | LC_ALL=C sort -f; } > constraints.tmp
	@mv constraints.tmp constraints.txt

clean: ## remove caches, the demo in DIR and what tests keep in build/; .venv stays
	@rm -rf build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@if [ -f "$(DIR)/demo.json" ]; then rm -rf "$(DIR)"; fi

$(READY):
	@$(made_venv)
	@rm -f .venv/.ready-to-*
	@$(INSTALL_WITH) .
	@touch $@

$(READY_FOR_TESTS):
	@$(made_venv)
	@rm -f .venv/.ready-to-*
	@$(INSTALL_WITH) '.[dev]'
	@touch $(READY) $@

# An environment that is complete and bound to this Python and folder is kept; anything else is made anew.
define made_venv
echo "Setting up .venv (once; about 2 minutes and 2.5 GB, more with the CUDA build of torch)"; \
if [ -z "$(PYTHON)" ]; then echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv" >&2; exit 1; fi; \
if ! compgen -G '.venv/.ready-to-*' >/dev/null || [ "$$(cat .venv/.bound-to)" != "$(BOUND_TO)" ]; then \
	rm -rf .venv; \
	if [ -n "$(UV)" ]; then uv venv --quiet --seed --python "$(PYTHON)" .venv; \
	elif ! "$(PYTHON)" -c 'import ensurepip' 2>/dev/null; then \
		if $(MAY_INSTALL); then $(INSTALL) python3-venv; else \
		echo "Python's venv module is missing: apt-get install python3-venv" >&2; exit 1; fi; fi; \
	[ -d .venv ] || "$(PYTHON)" -m venv .venv; \
	echo "$(BOUND_TO)" > .venv/.bound-to; \
fi
endef

# Exports GWANMUN_NO_BROWSER=1, which leaves out the tests of the page, where Chromium or Korean fonts cannot be had.
define browser_or_not
has_browser() { command -v chromium >/dev/null && fc-list :lang=ko 2>/dev/null | grep -q .; }; \
if ! has_browser; then \
	if $(MAY_INSTALL); then echo "Installing Chromium and Korean fonts"; \
		{ $(INSTALL) chromium fonts-noto-cjk fontconfig; } >/dev/null 2>apt.tmp || tail -n 3 apt.tmp; rm -f apt.tmp; fi; \
	if ! has_browser; then export GWANMUN_NO_BROWSER=1; \
		echo "Chromium or Korean fonts are missing and may not be installed here: the page in a browser is NOT tested"; fi; \
fi
endef
