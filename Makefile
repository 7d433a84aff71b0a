# Two commands do everything on a machine with Python 3.11 or newer, make and git:
#   make demo   the main job on simulated traffic, from nothing to a report
#   make test   the whole test suite
# Each makes its own virtual environment in .venv; nothing else is needed.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test lint types site bench bench-families clean

demo: $(INSTALLED)
	$(BIN)/gauger demo --out demo-output

test: $(INSTALLED)
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# An editable install is invisible to mypy: type-check an installed copy.
types: $(INSTALLED)
	rm -rf build/types build/lib
	$(BIN)/pip install --quiet --no-deps --target build/types .
	MYPYPATH=build/types $(BIN)/mypy -p gauger

# The documents as a site in build/site; a link that leads nowhere is an error.
site: $(INSTALLED)
	rm -rf build/pages && mkdir -p build/pages
	git ls-files '*.md' docs examples bench/README.md | tar -cf - -T - | tar -xf - -C build/pages
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: $(INSTALLED)
	$(BIN)/pip install --quiet --editable '.[bench]'
	$(BIN)/python -m bench.speed --write docs/performance.md
	$(BIN)/python -m bench.detection --write docs/detection.md

bench-families: $(INSTALLED)
	$(BIN)/pip install --quiet --editable '.[bench]'
	$(BIN)/python -m bench.families --write docs/families.md

clean:
	rm -rf $(VENV) build demo-output *.egg-info

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "gauger needs Python 3.11 or newer; $(PYTHON) is not: install it, or run: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) has no venv module: install it (Debian, Ubuntu: apt-get install python3-venv) and run make again"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test,hosts,clusters,lint,site]'
	@touch $@
