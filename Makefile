# Two commands matter to a newcomer, and each makes its own environment in .venv first:
#
#   make demo    classify handwritten digits with compiled OpenCL kernels on this machine's processor
#   make test    lint, types and the whole test suite, notebooks included; .ci/run calls exactly this
#
#   make bench            our kernels beside NumPy (and torch, jax, tinygrad where they are installed)
#   make bench-peers      the same after installing those three (about 2 GB)
#   make bench-latency    where compile time goes: our passes, the driver, the cache
#   make bench-memory     the peak of a chain over 16M elements
#   make notebooks        the notebooks run again, their outputs kept
#   make format           what `make test` would complain about, mended
#   make fuzz             random programs before every judge, for SECONDS=60 from SEED=0 on TARGET=all
#   make damage           COUNT=500 damaged programs from SEED=0 before rung-opt, rung run and rung ladder; a thousand kills
#   make doctor           which devices, compilers and judges this machine has
#   make clean            all that the above made, but not kernels cached in your home folder

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
PARALLEL ?= 2

.PHONY: help demo test lint typecheck pytest typing judges format doctor bench bench-peers bench-latency bench-memory notebooks fuzz damage clean

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

# Depends on pyproject.toml alone: the install is editable, so sources need no second one.
$(READY): pyproject.toml .ci/environment
	@bash .ci/environment "$(PYTHON)" "$(VENV)"
	@touch $@

demo: $(READY)
	@$(RUN) -m rung.demo

test: $(READY) judges lint typecheck pytest

lint: $(READY)
	@echo "== ruff"
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .

typecheck: $(READY) typing
	@echo "== pyright, strict"
	@PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(VENV)/bin/pyright

# pytest comes last so that its closing line is the last one printed.
pytest: $(READY) judges | lint typecheck
	@echo "== pytest"
	@$(RUN) -m pytest -n $(PARALLEL)

# pyright reads no setuptools package-dir, so `rung.passes` is shown to it as a folder of links.
typing:
	@mkdir -p .typing/rung && rm -f .typing/rung/*
	@cd .typing/rung && ln -s ../../rung/* . && ln -s $(patsubst %,../../%,dialects passes lowering schedules judges backends frontend) .

# Debian's mlir-opt-22, oclgrind and g++, where this machine lets us install them. Tests that miss them skip, saying so.
judges:
	@bash .ci/judges

format: $(READY)
	@$(VENV)/bin/ruff check --fix . ; $(VENV)/bin/ruff format .

doctor: $(READY)
	@$(VENV)/bin/rung doctor

bench: $(READY)
	@$(RUN) -m benchmarks.kernels

bench-peers: $(READY)
	@$(RUN) -m pip install -e '.[peers]'
	@$(RUN) -m benchmarks.kernels

bench-latency: $(READY)
	@$(RUN) -m benchmarks.latency

bench-memory: $(READY)
	@$(RUN) -m benchmarks.memory

notebooks: $(READY)
	@$(RUN) notebooks/rerun.py

SECONDS ?= 60
SEED ?= 0
TARGET ?= all

fuzz: $(READY)
	@$(VENV)/bin/rung fuzz --seconds $(SECONDS) --seed $(SEED) --target $(TARGET)

COUNT ?= 500

damage: $(READY)
	@$(RUN) -m rung.judges.damage --count $(COUNT) --seed $(SEED) --kills 1000

clean:
	rm -rf $(VENV) .typing build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
