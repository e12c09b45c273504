# From Convolution to Attention. `make help` lists the targets.
.DEFAULT_GOAL := book
.SHELLFLAGS := -eu -c
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
LABS := $(basename $(notdir $(wildcard labs/*.ipynb)))
EDITION ?= cpu
AS := # a built-in variable of make otherwise

.PHONY: help book test lint types unit smoke html check-book lab record jupyter student translation pretrain bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile

# TORCH=cpu takes PyTorch's own build for machines without an NVIDIA GPU: about 3 GB less to download. Its packages come
# from PyTorch's index, which the authors' machine could not reach: the option is uv's, and this line was not tried.
TORCH := # empty: the build of the package index
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else \
	  f"Python 3.11, 3.12 or 3.13 is needed, {v[0]}.{v[1]} found: make PYTHON=python3.12")'
	@echo "Making .venv: about 3 GB to download, 6 GB on disk, a few minutes (no GPU? make TORCH=cpu saves most of it)."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' constraints.txt)"
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraints constraints.txt \
	  $(if $(TORCH),--torch-backend '$(TORCH)') --editable '.[labs,book,dev]'
	@touch $(READY)

book: _build/labs/cpu/08_xception_vs_vit.ipynb html ## environment, main lab (once, in the cpu edition), book: the default
	@echo
	@echo "The book is ready. Open it in a browser:"
	@echo "  $(CURDIR)/_build/html/index.html"

_build/labs/cpu/08_xception_vs_vit.ipynb: | $(READY)
	@$(MAKE) --no-print-directory lab NAME=08_xception_vs_vit EDITION=cpu

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

lab: $(READY) ## run a lab: make lab NAME=08_xception_vs_vit EDITION=smoke|cpu|gpu [PARAMS="-p seeds 1"]
	@test -f 'labs/$(NAME).ipynb' || { echo 'no lab "$(NAME)"; NAME is one of: $(LABS)' >&2; exit 2; }
	@test -f 'labs/editions/$(EDITION)/$(NAME).yaml' || \
	  { echo 'no edition "$(EDITION)" of $(NAME); EDITION is smoke, cpu or gpu' >&2; exit 2; }
	@mkdir -p _build/labs/$(EDITION)
	@$(BIN)/papermill labs/$(NAME).ipynb _build/labs/$(EDITION)/$(NAME).running.ipynb -k python3 \
	  -f labs/editions/$(EDITION)/$(NAME).yaml $(PARAMS) || { \
	  mv -f _build/labs/$(EDITION)/$(NAME).running.ipynb _build/labs/$(EDITION)/$(NAME).failed.ipynb 2>/dev/null; \
	  echo 'make lab: it failed; the notebook up to the error: _build/labs/$(EDITION)/$(NAME).failed.ipynb' >&2; exit 1; }
	@mv -f _build/labs/$(EDITION)/$(NAME).running.ipynb _build/labs/$(EDITION)/$(NAME).ipynb
	@rm -f _build/labs/$(EDITION)/$(NAME).failed.ipynb
	@echo "executed notebook: _build/labs/$(EDITION)/$(NAME).ipynb"
	@echo "record:            _build/records/$(EDITION)/$(NAME).json"

record: $(READY) ## keep a finished run in results/: make record NAME=... EDITION=... [AS=variant]
	$(BIN)/python -m helpers.records '$(NAME)' '$(EDITION)' $(if $(AS),--as '$(AS)')

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
