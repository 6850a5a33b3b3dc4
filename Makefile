# A fresh machine with Python 3.11+ and make is enough: each target makes what it needs below .venv, once.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?=
INPUT ?=
TESTS ?= tests
JOBS ?= auto

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: demo serve test check fix bench clean help

demo: $(VENV)/.runtime ## render a vertical reel from a drawn match; INPUT=my.mp4 takes a video of yours
	@$(BIN)/clipmill demo $(if $(INPUT),--input "$(INPUT)")

serve: $(VENV)/.runtime ## serve jobs over HTTP on this machine; objects and the database go to clipmill-data
	@$(BIN)/clipmill serve

test: $(VENV)/.dev $(VENV)/.torch ## run the tests; TESTS=tests/media runs a part, JOBS=1 one after another
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal $(TESTS)

check: $(VENV)/.dev $(VENV)/.torch ## lint, formatting, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/basedpyright --pythonpath $(BIN)/python
	@$(BIN)/lint-imports

fix: $(VENV)/.dev ## format, and mend what the linter can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.bench ## measure against ffmpeg, OpenCV through a pipe, and MoviePy; writes below bench-output/
	@$(BIN)/python -m benchmarks

clean: ## remove what these targets made, the environment included; stores and their videos stay
	@rm -rf $(VENV) build dist demo-output bench-output .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find src tests examples benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The sources run in place, by a path file: nothing is built, so nothing but the pinned wheels is fetched.
$(VENV)/.made:
	@for name in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	  python=$$("$$name" -c 'import sys; sys.version_info >= (3, 11) or sys.exit(1); print(sys.executable)' 2>/dev/null) && break; \
	done; \
	if [ -z "$$python" ]; then echo "clipmill needs Python 3.11 or newer. Install it, or name it: make PYTHON=/path/to/python" >&2; exit 1; fi; \
	rm -rf $(VENV); \
	if command -v uv >/dev/null 2>&1; then uv venv --quiet --python "$$python" $(VENV); else "$$python" -m venv $(VENV); fi \
	|| { rm -rf $(VENV); echo "no environment could be made with $$python; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo ../../../../src > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/clipmill.pth"
	@printf '%s\n' '#!/bin/sh' \
	  'exec "$$(dirname "$$0")/python" -P -c "from clipmill.cli.main import main; main()" "$$@"' > $(BIN)/clipmill
	@chmod +x $(BIN)/clipmill
	@touch $@

$(VENV)/.%: requirements/%.txt | $(VENV)/.made
	@echo "installing $< into $(VENV)" >&2
	@if command -v uv >/dev/null 2>&1; \
	  then uv pip install --quiet --python $(BIN)/python --require-hashes --requirement $<; \
	  else $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<; fi
	@touch $@

# The build for processors alone where pip finds it, a tenth of the size; else the one with everything for a card.
$(VENV)/.torch: requirements/upscale-cpu.txt requirements/upscale.txt | $(VENV)/.dev
	@echo "installing torch into $(VENV)" >&2
	@pip() { \
	  if $(BIN)/python -m pip --version >/dev/null 2>&1; then $(BIN)/python -m pip "$$@"; else python3 -m pip --python $(BIN)/python "$$@"; fi; \
	}; \
	pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements/upscale-cpu.txt 2>/dev/null \
	|| pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements/upscale.txt
	@touch $@
