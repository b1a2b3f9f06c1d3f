# Everything here works in a fresh clone: the first target that needs it makes .venv and installs into it.
# PYTHON=/path/to/python3 chooses another interpreter.

BRAND ?= northwind
SEED ?= 1
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,\
	$(if $(shell $(name) -c "import sys; print(*[1] * (sys.version_info >= (3, 11)))" 2>/dev/null),$(name))))
VENV := .venv
BIN := $(VENV)/bin
USE := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
PIP = $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help reel lab test check bench varied docs gallery clean constraints

help: ## what there is
	@grep -E '^[a-z]+:.* ## ' Makefile | sed -E 's/^([a-z]+):.* ## /  make \1\t/' | expand -t 20

reel: $(USE) ## make the first reel and its report (BRAND=northwind SEED=1)
	@$(BIN)/reelkit make --brand $(BRAND) --seed $(SEED)

lab: $(USE) ## open the notebooks in JupyterLab
	@$(BIN)/reelkit lab

test: $(DEV) ## the tests, but for the slow ones that need a browser or a whole chain
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --ignore tests/browser --ignore tests/notebooks --ignore tests/nights

check: $(DEV) ## style, types and walls: what must hold before a commit
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/nbstripout --verify --keep-id notebooks/*.ipynb

bench: $(DEV) ## all measured figures, speed first of all (an hour and more)
	@failed=0; for each in $$(ls benchmarks/[a-z]*.py | xargs -n1 basename -s .py); do $(BIN)/python -m benchmarks.$$each || failed=1; done; exit $$failed

varied: $(DEV) ## fifty reels of every kind, each held to every must (half an hour)
	$(BIN)/python -m benchmarks.varied

docs: $(USE) ## write the brand reference from the schema
	$(BIN)/python -m reelkit.reference > docs/brand.md

gallery: $(USE) ## draw docs/gallery.png: every caption preset on every family of backdrops
	$(BIN)/python docs/gallery.py

clean: ## remove all of outputs/ (runs, edits, batches, what was published there) with its cache, and what tools left (not .venv)
	rm -rf outputs/* outputs/.cache outputs/.locks build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

constraints: $(DEV) ## take the versions in .venv as the ones that everybody gets
	$(PIP) freeze --exclude-editable | grep -E '^[A-Za-z0-9._-]+==[^ ]+$$' | grep -v -i -E '^(reelkit|pip|setuptools|wheel)==' > constraints.txt

$(USE): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Reelkit needs Python 3.11 or newer; install it, or say PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV) || { echo "python3 -m venv failed; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "installing Reelkit into $(VENV) (once; a few minutes)"
	@$(PIP) install --quiet --upgrade "pip>=25.1"
	@$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

$(DEV): $(USE)
	@echo "installing what tests and checks need"
	@$(PIP) install --quiet --constraint constraints.txt --group dev
	@touch $@
