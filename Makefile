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
CODE := bot engine workers tests tools benchmarks

.PHONY: help
help: ## list these commands
	sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1\t\2/p' Makefile | expand -t 22

.PHONY: run
run: installed ## start everything: Redis, a worker, the chat page, Slack and Discord; the first time, install it
	exec $(BIN)/yomite run

.PHONY: terminal
terminal: installed ## start the interactive terminal
	exec $(BIN)/yomite

.PHONY: test
test: lint browser ## all checks, then all tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile

.PHONY: chaos
chaos: install-all ## kill and break everything for SECONDS while people ask, and count what is lost, doubled or wrong (SEED=1)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.chaos --seconds $(SECONDS) --seed $(SEED)

.PHONY: soak
soak: install-all ## let people ask for SECONDS without any harm, and see that memory and open files stay flat
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.chaos.soak --seconds $(SECONDS)

.PHONY: fuzz
fuzz: install-all ## feed INPUTS made-up inputs to every part that reads what comes from outside (SEED=2: others)
	FUZZ_INPUTS=$(INPUTS) OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile --hypothesis-seed=$(SEED) tests/fuzz

.PHONY: browser
browser: ## get Chromium for the tests, where it is missing
	bash tools/browser.sh

.PHONY: lint
lint: install-all ## style, types, and which package may import which
	echo "ruff check"; $(BIN)/ruff check $(CODE)
	echo "ruff format"; $(BIN)/ruff format --check $(CODE)
	echo "mypy"; $(BIN)/mypy
	echo "import-linter"; $(BIN)/lint-imports --no-cache

.PHONY: audit
audit: environment ## ask an advisory service about every package of requirements.lock; needs the internet and is no part of `make test`
	test -x $(AUDIT)/bin/pip-audit || { $(BIN)/python -m venv $(AUDIT) && $(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1; }
	grep -v '^#' requirements.lock > $(AUDIT)/requirements.txt
	$(AUDIT)/bin/pip-audit --strict --no-deps --disable-pip --progress-spinner off --requirement $(AUDIT)/requirements.txt \
		|| { echo "A package has a known flaw, or the advisories could not be had for every package (see above): nothing is proved." >&2; exit 1; }

.PHONY: format
format: install-all ## put the code into its form
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

.PHONY: bench
bench: install ## measure speed, scale and memory beside peers; results in benchmarks/results
	$(BIN)/python -m benchmarks

.PHONY: bench-page
bench-page: install ## write docs/en/benchmarks.md from the results
	$(BIN)/python -m benchmarks.page

.PHONY: capacity
capacity: install ## measure batches, and simulate how many workers 10,000 people need; results in benchmarks/results
	$(BIN)/python -m benchmarks service capacity

.PHONY: pack
pack: install-all ## train the bundled models from the data in DATA (stops and goes on)
	$(BIN)/python -m engine.pack --data $(DATA)

.PHONY: pack-scores
pack-scores: install-all ## measure the bundled models on every dev file in DATA (TASKS="similar ner": on those alone)
	$(BIN)/python -m engine.pack.scores --data $(DATA) --table docs/en/models.md --table docs/ja/models.md $(if $(TASKS),--task $(TASKS))

.PHONY: install
install: ## install what `make run` needs
	bash tools/install.sh product

.PHONY: install-all
install-all: ## install what tests and training need too
	bash tools/install.sh everything

# The product can be started without the internet too, once it was installed.
.PHONY: installed
installed:
	bash tools/install.sh older

.PHONY: wheel
wheel: install ## build a wheel that holds the bundled models, into build/wheel; pipx installs it
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/wheel .
	ls build/wheel/yomite-*.whl

.PHONY: images
images: ## build the container images (needs Docker)
	docker compose --profile web --profile cpu --profile dashboard build

.PHONY: lock
lock: ## write requirements.lock from what is installed in .venv, and from it what each container image holds
	$(BIN)/python -m tools.lock
	$(BIN)/python -m tools.images

.PHONY: readme
readme: install ## write what README.md, docs/ and .env.example take from the code: commands and settings
	$(BIN)/python -m tools.readme
	$(BIN)/python -m tools.env_example

.PHONY: readme-examples
readme-examples: install ## write the examples of docs/*/start.md by running them
	$(BIN)/python -m tools.examples

.PHONY: messages
messages: install ## write docs/en/messages.md, every sentence for people in both languages, from the code
	$(BIN)/python -m tools.messages

.PHONY: site
site: install-all ## build the documents as a site in English and Japanese, into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

.PHONY: site-serve
site-serve: install-all ## show the site at 127.0.0.1:8000 while the documents are written
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs serve --dev-addr 127.0.0.1:8000

.PHONY: pictures
pictures: install-all browser ## draw the documents' pictures
	$(BIN)/python -m tools.pictures
	$(BIN)/python -m tools.attention_pictures

.PHONY: first-answer
first-answer: install ## time the path from a clone to the first answers, and write it into docs/*/start.md
	$(BIN)/python -m tools.first_answer

.PHONY: clean
clean: ## remove .venv and what the tools left (never models/, nor build/, where trainings lie)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache ./*.egg-info
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: environment
environment:
	bash tools/install.sh environment
