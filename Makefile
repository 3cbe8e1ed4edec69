# Everything below works on a bare clone; the environment is made in .venv: for the demo with what it uses, else whole.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
SMALL  := $(if $(wildcard $(STAMP)),$(STAMP),$(VENV)/.demo)
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable
PROVER := coq libcoq-mathcomp-multinomials libcoq-mathcomp-zify
SUDO   := $(if $(filter-out 0,$(shell id -u)),sudo)

.PHONY: demo test proof prover fuzz package docs tutorials tables results venv lint bench clean

demo: $(SMALL)
	$(BIN)/python -m span_theorem check --L 2 --d 2
	$(BIN)/python -m experiments demo

# one thread a process: the tests run side by side, one process a core
test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto

# the theorem for every L and d, checked by Coq
proof: $(SMALL) prover
	$(BIN)/python -m span_theorem prove

# Coq and the libraries of the proof, where they are missing (Debian and Ubuntu)
prover:
	test -d "$$(coqc -where 2>/dev/null)/user-contrib/SsrMultinomials" || { $(SUDO) apt-get -qq update && \
	  $(SUDO) apt-get -qq install -y --no-install-recommends $(PROVER) >/dev/null; }

# many more random cases of every kind of file, option and interruption: ten minutes or more
fuzz: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --fuzz-cases 1000 tests/fuzz tests/kill

venv: $(STAMP)

$(VENV)/.demo: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) '.[nequip,report]'
	touch $@

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) '.[all,dev]'
	touch $@

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# the long command blocks of the documentation too: some minutes
tutorials: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --slow tests/test_documentation.py

docs: $(STAMP)
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build

# wheel and sdist, tried in clean environments: alone, with the lowest versions allowed, whole (STAGES="alone whole")
package: $(STAMP)
	rm -rf build dist
	$(BIN)/python -m build --outdir dist
	$(BIN)/python -m tests.package dist $(STAGES)

# LaTeX of every committed result
tables: $(STAMP)
	$(BIN)/python -m span_theorem tables --results docs/results -o tables
	$(BIN)/python -m experiments tables docs/results -o tables

# the tables and claims of the documents, from the committed results
results: $(STAMP)
	$(BIN)/python -m experiments tables docs/results --page docs/results.md
	$(BIN)/python -m experiments tables docs/results --page README.md

bench: $(STAMP)
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist *.egg-info
