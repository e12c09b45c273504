# From Convolution to Attention. `make help` lists the targets.
.DEFAULT_GOAL := book
.SHELLFLAGS := -eu -c
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
LABS := $(basename $(notdir $(wildcard labs/*.ipynb)))
EDITION ?= cpu
AS := # a built-in variable of make otherwise
export PICTURE MODEL # the recipe reads them from its environment, whatever signs are in a file name

.PHONY: help book test lint types unit smoke html check-book lab labs soak mutants coverage sweep record classify gather stale equal jupyter student anki assignments slides pdf pretrain weights stick release links environment bench gpu-pack gpu clean

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

environment: $(READY) ## the environment alone

book: _build/.main-lab html ## environment, main lab (once, in the cpu edition), book: the default
	@echo
	@echo "The book is ready. Open it in a browser:"
	@echo "  $(CURDIR)/_build/html/index.html"

_build/.main-lab: | $(READY)
	@$(MAKE) --no-print-directory lab NAME=08_xception_vs_vit EDITION=cpu
	@touch $@

html: $(READY) ## the book alone, from the runs that are there; LIVE=all|ours: whose weights go on the live page
	OMP_NUM_THREADS=1 $(BIN)/jupyter-book build . -W -n --keep-going --quiet

test: $(READY) ## everything: lint, types, unit tests, labs in smoke edition, book, browser
	@$(BIN)/python scripts/timed.py parts lint types unit smoke html check-book
	@echo "make test: all of it passed."

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

types: $(READY)
	$(BIN)/mypy

unit: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/pytest tests --ignore tests/book --ignore tests/browser -n 2 --dist loadgroup

smoke: $(READY)
	@$(BIN)/python scripts/timed.py labs smoke $(LABS)

labs: $(READY) ## every lab, also past one that fails, and one table of what they found and took: make labs [EDITION=cpu]
	@$(BIN)/python scripts/timed.py labs '$(EDITION)' $(LABS)

soak: $(READY) ## every promise of the README tried many times, and one line a promise: make soak
	SOAK=1 OMP_NUM_THREADS=1 $(BIN)/pytest tests/promises --timeout 3600

TOOLS = $(BIN)/python -c 'import sys, importlib.util as u; sys.exit(not u.find_spec("mutmut"))' || \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --constraints constraints.txt --editable '.[mutants]'
mutants: $(READY) ## is a small change of the code noticed by a test? 400 are tried; a later call goes on: make mutants
	@$(TOOLS)
	$(BIN)/python scripts/mutants.py

coverage: $(READY) ## the lines of the package that no unit test runs: make coverage
	@$(TOOLS)
	rm -rf _build/coverage && mkdir -p _build/coverage
	OMP_NUM_THREADS=1 $(BIN)/coverage run -m pytest tests --ignore tests/book --ignore tests/browser -n 2 --dist loadgroup
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --include='src/helpers/*' --skip-covered --show-missing --sort cover

check-book: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/pytest tests/book tests/browser -n 2 --dist loadgroup

lab: $(READY) ## run a lab: make lab NAME=08_xception_vs_vit EDITION=smoke|cpu|gpu [PARAMS="-p seeds 1"] [PIECE=...] [APART=1] [NPROC=2]
	@$(BIN)/python -m helpers.records run '$(NAME)' '$(EDITION)' $(if $(PIECE),--piece '$(PIECE)') $(if $(APART),--apart) \
	  $(if $(NPROC),--processes '$(NPROC)') $(PARAMS)

GRID ?= labs/grids/smoke.yaml
sweep: $(READY) ## a grid of lab runs, here or on many machines by Ray: make sweep GRID=... [ADDRESS=local] [GPUS=1] [JOBS=2]
	@$(BIN)/python -c 'import sys, importlib.util as u; sys.exit(not (u.find_spec("ray") and u.find_spec("grpc")))' || \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --constraints constraints.txt --editable '.[cluster]'
	@$(BIN)/python -m helpers.sweep '$(GRID)' $(if $(ADDRESS),--address '$(ADDRESS)') $(if $(GPUS),--gpus '$(GPUS)') \
	  $(if $(JOBS),--jobs '$(JOBS)')

record: $(READY) ## keep a finished run in results/: make record NAME=... EDITION=... [AS=variant] [RUN=id]
	$(BIN)/python -m helpers.records record '$(NAME)' '$(EDITION)' $(if $(AS),--as '$(AS)') $(if $(RUN),--run '$(RUN)')

classify: $(READY) ## name a photograph, or those of a folder, with a kept model: make classify PICTURE=photo.jpg [MODEL=name]
	@test -n "$$PICTURE" || { echo 'PICTURE is missing: make classify PICTURE=photo.jpg [MODEL=name]' >&2; exit 1; }
	@$(BIN)/python scripts/classify.py "$$PICTURE" $(if $(MODEL),--model "$$MODEL")

gather: $(READY) ## make one record of the finished pieces of a run: make gather NAME=... EDITION=... [PARAMS=as of the pieces]
	$(BIN)/python -m helpers.records gather '$(NAME)' '$(EDITION)' $(if $(APART),--apart) $(PARAMS)

stale: $(READY) ## list the recorded runs whose code has changed since
	@$(BIN)/python -m helpers.records stale

equal: $(READY) ## show by two runs that code changed since a commit makes no other number: make equal SINCE=... NAME=... [EDITION=smoke] [ROWS=1] [PARAMS=...]
	@$(BIN)/python -m helpers.records equal '$(SINCE)' '$(NAME)' '$(if $(filter file,$(origin EDITION)),smoke,$(EDITION))' $(if $(ROWS),--rows) $(PARAMS)

jupyter: $(READY) ## open the labs in JupyterLab
	$(BIN)/jupyter lab labs

student: $(READY) ## the edition for students: pages and notebooks without solutions, in _build/student
	OMP_NUM_THREADS=1 $(BIN)/python scripts/student.py

anki: $(READY) ## the glossary and the quizzes as a deck for Anki, in _build/anki
	$(BIN)/python scripts/anki.py

assignments: html ## the exercises of the chapters for nbgrader, in _build/assignments
	$(BIN)/python scripts/assignments.py

slides: $(READY) html ## one deck of slides a chapter, from the built book, in _build/slides: make slides [PDF=1]
	$(BIN)/python scripts/slides.py $(if $(PDF),--pdf)

pdf: $(READY) html ## the whole book as one PDF, in _build/pdf
	$(BIN)/python scripts/pdf.py

SET ?= drawn
pretrain: $(READY) ## make shipped checkpoints again: make pretrain [SET=drawn|tiny_imagenet], hours on 2 cores
	@case '$(SET)' in drawn) script=pretrain;; tiny_imagenet) script=pretrain_photographs;; \
	  *) echo 'no set "$(SET)": SET is drawn or tiny_imagenet' >&2; exit 1;; esac; set -x; $(BIN)/python scripts/$$script.py

TO ?= my_weights
weights: $(READY) ## fetch the labs' released models (0.5 GB) for a room without internet: make weights [TO=folder]
	$(BIN)/python scripts/weights.py '$(TO)'

stick: $(READY) ## book, packages, weights and files in one folder, for a room without internet: make stick TO=folder [LESS="wheels weights"]
	@test '$(origin TO)' != file || { echo 'TO is missing: make stick TO=folder' >&2; exit 1; }
	@$(BIN)/python scripts/stick.py '$(TO)' $(if $(LESS),--less $(LESS))

links: $(READY) ## ask every address outside that book and data sets name whether it still answers
	$(BIN)/python scripts/links.py

release: $(READY) ## the built book and the source as archives with checksums, and the notes, in _build/release
	$(BIN)/python scripts/release.py

bench: $(READY) ## every script in benchmarks/, or this tree against an older: make bench AGAINST=<git ref>
ifdef AGAINST
	$(BIN)/python benchmarks/compare.py '$(AGAINST)'
else
	@set -e; for script in $(filter-out %/compare.py %/training_arms.py,$(wildcard benchmarks/*.py)); do echo "== $$script"; \
	  $(BIN)/python $$script; done
endif

gpu-pack: $(READY) ## a small copy of HELPERS_DATA's Stanford Dogs for a machine with a GPU, in _build/gpu/pack
	$(BIN)/python scripts/gpu_pack.py

LIMIT ?= 560
gpu: $(READY) ## all that wants a GPU, as many steps as fit into LIMIT seconds; again goes on: make gpu [OUT=folder] [FROM=file]
	$(BIN)/python scripts/gpu.py --limit '$(LIMIT)' $(if $(OUT),--out '$(OUT)') $(if $(FROM),--from '$(FROM)')

clean: ## remove what was built; .venv stays
	rm -rf _build labs/executed .pytest_cache .mypy_cache .ruff_cache
