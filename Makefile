# Everything below works on a bare clone; the environment is made once, in .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: demo test fuzz tables venv lint bench clean

demo: $(STAMP)
	$(BIN)/python -m span_theorem check --L 2 --d 2
	$(BIN)/python -m experiments demo

# one thread a process: the tests run side by side, one process a core
test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto

# the seeded tests again with many more cases: about ten minutes
fuzz: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --fuzz-cases 1000 tests/fuzz

venv: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable '.[all,dev]'
	touch $@

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# LaTeX of every committed result
tables: $(STAMP)
	$(BIN)/python -m span_theorem tables --results docs/results -o tables

bench: $(STAMP)
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist *.egg-info
