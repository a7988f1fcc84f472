# Each target creates what it needs. POSIX only; the README has the commands for Windows.

PYTHON ?= python3
PROFILE ?= laptop
ARGS ?=

VENV := .venv
RUN := $(VENV)/bin/python
STAMP := $(VENV)/installed
LOCK := constraints/all.txt
COMPILE := $(RUN) -m uv pip compile pyproject.toml --quiet --upgrade --universal --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-header --no-annotate
VIEWER := $(VENV)/share/jupyter/lab/settings/overrides.json

.DELETE_ON_ERROR:
.PHONY: help book test lab results measures lint screenshots constraints clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /make \1: /p' $(MAKEFILE_LIST)

book: $(STAMP) ## execute what changed, render _build/html (PROFILE=smoke|laptop|paper)
	@$(RUN) book/build.py --profile $(PROFILE) $(ARGS)

test: $(STAMP) ## run the tests (ARGS="-k name" passes options to pytest)
	@$(RUN) -m pytest $(ARGS)

lab: $(STAMP) $(VIEWER) ## open the notebooks in JupyterLab
	@$(RUN) -m jupyterlab --LabApp.default_url=/lab/tree/notebooks $(ARGS)

results: $(STAMP) ## train what the recorded studies lack: many hours on a CPU (ARGS="table1 --list")
	@$(RUN) book/studies.py $(ARGS)

measures: $(STAMP) ## make the other records of the book again: 40 minutes (ARGS="--stale", "--list")
	@$(RUN) book/measures.py $(ARGS)

lint: $(STAMP) ## check style and format
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .

screenshots: $(STAMP) ## pictures of every rendered page, wide and narrow, in _build/screenshots
	@$(RUN) tests/test_book.py _build/screenshots

clean: ## remove what was built (not .venv)
	rm -rf _build book/notebooks book/_generated

# Installed again only when the list of packages changes; a failed installation leaves no stamp.
$(STAMP): $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'Python 3.11 or later is needed, and $(PYTHON) is not. Try: make PYTHON=python3.12 …' >&2; \
	  exit 1; }
	@rm -f $@
	@$(RUN) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo 'Installing into $(VENV); this takes some minutes the first time'
	@$(RUN) -m pip install -qq --disable-pip-version-check --require-hashes --requirement $(LOCK)
	@$(RUN) -m pip install -qq --disable-pip-version-check --no-deps --editable .
	@touch $@

# The same packages, by checksum, on every machine: all of them, and what refining alone needs.
constraints: $(STAMP) ## renew constraints/ with the newest versions that pyproject.toml allows
	@$(RUN) -m pip install -qq --disable-pip-version-check uv
	@$(COMPILE) --extra all --python-version 3.11 --output-file $(LOCK)
	@$(COMPILE) --python-version 3.10 --output-file constraints/core.txt

# A click on a .py notebook opens it as a notebook; no question about news.
define LAB_SETTINGS
{
  "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"},
  "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"python": "Jupytext Notebook"}}
}
endef
export LAB_SETTINGS
$(VIEWER): $(STAMP) Makefile
	@mkdir -p $(@D)
	@echo "$$LAB_SETTINGS" > $@
