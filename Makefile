# Everything a person or CI runs. The environment is .venv; nothing is installed outside it.

SHELL := bash
.SILENT:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

DATA ?= ../shared/data
# Processes that run tests at once, each with one thread for models and up to 3 GB: one more than cores, as tests also wait.
JOBS ?= 3
# Of each target of `make fuzz`; SEED is the number that they are made from.
INPUTS ?= 1000
# How long a chaos run lasts, and which one it is.
SECONDS ?= 60
SEED ?= 1
VENV := .venv
AUDIT := build/audit
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_ALL := $(VENV)/.installed-all
SOURCES := pyproject.toml requirements.lock
CODE := bot engine workers tests tools benchmarks

# pip's own settings (an index, a proxy, a cache) are left as they are. One line a package, so that a long download shows.
define install
	echo "Installing $(2). The first time this fetches up to 2 GB and takes some minutes."
	set -o pipefail; $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --constraint requirements.lock --editable '$(1)' \
		| sed -u -n -e 's/^Processing .*\/\([^/ ]*\)$$/  taking \1/p' -e 's/^ *Collecting \([^ ]*\).*/  fetching \1/p' -e 's/^Installing collected packages.*/  unpacking .../p' -e 's/^Successfully installed.*/  done/p'
endef

.PHONY: help
help: ## list these commands
	sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1\t\2/p' Makefile | expand -t 22

.PHONY: run
run: $(INSTALLED) ## start everything: Redis, a worker, the chat page, Slack and Discord; the first time, install it
	exec $(BIN)/yomite run

.PHONY: terminal
terminal: $(INSTALLED) ## start the interactive terminal
	exec $(BIN)/yomite

.PHONY: test
test: lint browser ## all checks, then all tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile

.PHONY: chaos
chaos: $(INSTALLED_ALL) ## kill and break everything for SECONDS while people ask, and count what is lost, doubled or wrong (SEED=1)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.chaos --seconds $(SECONDS) --seed $(SEED)

.PHONY: soak
soak: $(INSTALLED_ALL) ## let people ask for SECONDS without any harm, and see that memory and open files stay flat
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.chaos.soak --seconds $(SECONDS)

.PHONY: fuzz
fuzz: $(INSTALLED_ALL) ## feed INPUTS made-up inputs to every part that reads what comes from outside (SEED=2: others)
	FUZZ_INPUTS=$(INPUTS) OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile --hypothesis-seed=$(SEED) tests/fuzz

.PHONY: browser
browser: ## get Chromium for the tests, where it is missing
	bash tools/browser.sh

.PHONY: lint
lint: $(INSTALLED_ALL) ## style, types, and which package may import which
	echo "ruff check"; $(BIN)/ruff check $(CODE)
	echo "ruff format"; $(BIN)/ruff format --check $(CODE)
	echo "mypy"; $(BIN)/mypy
	echo "import-linter"; $(BIN)/lint-imports --no-cache

.PHONY: audit
audit: | $(BIN)/python ## ask an advisory service about every package of requirements.lock; needs the internet and is no part of `make test`
	test -x $(AUDIT)/bin/pip-audit || { $(BIN)/python -m venv $(AUDIT) && $(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1; }
	grep -v '^#' requirements.lock > $(AUDIT)/requirements.txt
	$(AUDIT)/bin/pip-audit --strict --no-deps --disable-pip --progress-spinner off --requirement $(AUDIT)/requirements.txt \
		|| { echo "A package has a known flaw, or the advisories could not be had for every package (see above): nothing is proved." >&2; exit 1; }

.PHONY: format
format: $(INSTALLED_ALL) ## put the code into its form
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

.PHONY: bench
bench: $(INSTALLED) ## measure speed, scale and memory beside peers; results in benchmarks/results
	$(BIN)/python -m benchmarks

.PHONY: bench-page
bench-page: $(INSTALLED) ## write docs/en/benchmarks.md from the results
	$(BIN)/python -m benchmarks.page

.PHONY: capacity
capacity: $(INSTALLED) ## measure batches, and simulate how many workers 10,000 people need; results in benchmarks/results
	$(BIN)/python -m benchmarks service capacity

.PHONY: pack
pack: $(INSTALLED_ALL) ## train the bundled models from the data in DATA (stops and goes on)
	$(BIN)/python -m engine.pack --data $(DATA)

.PHONY: pack-scores
pack-scores: $(INSTALLED_ALL) ## measure the bundled models on every dev file in DATA (TASKS="similar ner": on those alone)
	$(BIN)/python -m engine.pack.scores --data $(DATA) --table docs/en/models.md --table docs/ja/models.md $(if $(TASKS),--task $(TASKS))

.PHONY: install
install: $(INSTALLED) ## install what `make run` needs

.PHONY: install-all
install-all: $(INSTALLED_ALL) ## install what tests and training need too

.PHONY: wheel
wheel: $(INSTALLED) ## build a wheel that holds the bundled models, into build/wheel; pipx installs it
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/wheel .
	ls build/wheel/yomite-*.whl

.PHONY: images
images: ## build the container images (needs Docker)
	docker compose --profile web --profile cpu --profile dashboard build

.PHONY: lock
lock: ## write requirements.lock from what is installed in .venv, and from it what each container image holds
	$(BIN)/python -m tools.lock
	$(BIN)/python -m tools.images
	$(BIN)/python -m tools.env_example

.PHONY: readme
readme: $(INSTALLED) ## write what README.md and docs/ take from the code: commands and settings
	$(BIN)/python -m tools.readme

.PHONY: readme-examples
readme-examples: $(INSTALLED) ## write the examples of docs/*/start.md by running them
	$(BIN)/python -m tools.examples

.PHONY: messages
messages: $(INSTALLED) ## write docs/en/messages.md, every sentence for people in both languages, from the code
	$(BIN)/python -m tools.messages

.PHONY: site
site: $(INSTALLED_ALL) ## build the documents as a site in English and Japanese, into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

.PHONY: site-serve
site-serve: $(INSTALLED_ALL) ## show the site at 127.0.0.1:8000 while the documents are written
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs serve --dev-addr 127.0.0.1:8000

.PHONY: pictures
pictures: $(INSTALLED_ALL) browser ## draw the documents' pictures
	$(BIN)/python -m tools.pictures
	$(BIN)/python -m tools.attention_pictures

.PHONY: first-answer
first-answer: $(INSTALLED) ## time the path from a clone to the first answers, and write it into docs/*/start.md
	$(BIN)/python -m tools.first_answer

.PHONY: clean
clean: ## remove .venv and what the tools left (never models/)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache ./*.egg-info
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): $(SOURCES) | $(BIN)/python
	$(call install,.,Yomite)
	touch $@

$(INSTALLED_ALL): $(SOURCES) | $(BIN)/python
	$(call install,.[test$(comma)train],Yomite with what its tests and its training need)
	touch $@ $(INSTALLED)

comma := ,

$(BIN)/python:
	for candidate in $${PYTHON:-} python3 python3.13 python3.12 python3.11; do \
		if command -v "$$candidate" >/dev/null && "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Making $(VENV) with $$("$$candidate" --version)"; \
			"$$candidate" -m venv $(VENV) && exit 0; \
			rm -rf $(VENV); \
			echo "Could not make $(VENV). Debian and Ubuntu keep venv in a package of its own: apt-get install python3-venv" >&2; \
			exit 1; \
		fi; \
	done; \
	echo "Yomite needs Python 3.11 or newer; found: $$(python3 --version 2>&1 || echo none). Name one with: make run PYTHON=/path/to/python3.11" >&2; \
	exit 1
