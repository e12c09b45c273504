# From Convolution to Attention. `make help` lists the targets.
.DEFAULT_GOAL := book
.SHELLFLAGS := -eu -c
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
LABS := $(basename $(notdir $(wildcard labs/*.ipynb)))
EDITION ?= cpu
AS := # a built-in variable of make otherwise

.PHONY: help book test lint types unit smoke html check-book lab record gather stale jupyter student translation pretrain bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else \
	  f"Python 3.11, 3.12 or 3.13 is needed, {v[0]}.{v[1]} found: make PYTHON=python3.12")'
	@echo "Making .venv: about 3 GB to download, 6 GB on disk, a few minutes."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' constraints.txt)"
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraints constraints.txt --editable '.[labs,book,dev]'
	@touch $(READY)

book: _build/.main-lab html ## environment, main lab (once, in the cpu edition), book: the default
	@echo
	@echo "The book is ready. Open it in a browser:"
	@echo "  $(CURDIR)/_build/html/index.html"

_build/.main-lab: | $(READY)
	@$(MAKE) --no-print-directory lab NAME=08_xception_vs_vit EDITION=cpu
	@touch $@

html: $(READY) ## the book alone, from the runs that are there
	$(BIN)/jupyter-book build . -W -n --keep-going --quiet

test: lint types unit smoke html check-book ## everything: lint, types, unit tests, labs in smoke edition, book, browser
	@echo "make test: all of it passed."

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

types: $(READY)
	$(BIN)/mypy

unit: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/pytest tests --ignore tests/book --ignore tests/browser -n 2

smoke: $(READY)
	@set -e; for lab in $(LABS); do $(MAKE) --no-print-directory lab NAME=$$lab EDITION=smoke PARAMS=; done

check-book: $(READY)
	$(BIN)/pytest tests/book tests/browser

lab: $(READY) ## run a lab: make lab NAME=08_xception_vs_vit EDITION=smoke|cpu|gpu [PARAMS="-p seeds 1"] [PIECE=...] [APART=1]
	@$(BIN)/python -m helpers.records run '$(NAME)' '$(EDITION)' $(if $(PIECE),--piece '$(PIECE)') $(if $(APART),--apart) $(PARAMS)

record: $(READY) ## keep a finished run in results/: make record NAME=... EDITION=... [AS=variant] [RUN=id]
	$(BIN)/python -m helpers.records record '$(NAME)' '$(EDITION)' $(if $(AS),--as '$(AS)') $(if $(RUN),--run '$(RUN)')

gather: $(READY) ## make one record of the finished pieces of a run: make gather NAME=... EDITION=...
	$(BIN)/python -m helpers.records gather '$(NAME)' '$(EDITION)' $(if $(APART),--apart)

stale: $(READY) ## list the recorded runs whose code has changed since
	@$(BIN)/python -m helpers.records stale

jupyter: $(READY) ## open the labs in JupyterLab
	$(BIN)/jupyter lab labs

student: $(READY) ## the edition for students: pages and notebooks without solutions, in _build/student
	$(BIN)/python scripts/student.py

translation: $(READY) ## train the translation models of chapter 8 again: about a quarter of an hour on 2 cores
	$(BIN)/python scripts/train_translation.py

pretrain: $(READY) ## make the two shipped checkpoints again, on drawn data: an hour or two on 2 cores
	$(BIN)/python scripts/pretrain.py

bench: $(READY) ## side-by-side measurements: every script in benchmarks/
	@set -e; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script; done

clean: ## remove what was built; .venv stays
	rm -rf _build labs/executed .pytest_cache .mypy_cache .ruff_cache
