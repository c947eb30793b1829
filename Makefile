# The verbs of Ieum on one machine. Needs Python 3.11 or newer as python3, and nothing else.

PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.stamp-setup
TOOLS := .venv/.stamp-tools
PEERS := .venv/peers/.stamp
MUTATION := .venv/mutation/.stamp
# The markers of the tests that `make proof` runs and `make test` leaves out.
PROOF := containers or alerts or demo or howto or chaos or guards or mutation

.DEFAULT_GOAL := help
# PHONY: assets compares its sources itself, and asks npm again where it had to do without
.PHONY: assets help setup demo test proof soak bench chaos up down lint format

help: ## 명령 목록 / this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(SETUP) assets ## .venv를 준비합니다 / prepare .venv with the `ieum` command in it

demo: $(SETUP) assets ## 처음부터 시연까지: 현황판 주소를 알려 줍니다 / from nothing to the playing demo and its board
	@$(BIN)/ieum demo

test: $(TOOLS) assets ## 단위, 통합, 업무 흐름, 브라우저 시험 / unit, integration, flow and browser tests
	@$(BIN)/python -m tests.e2e.get_browser
	@$(BIN)/pytest -m "not ($(PROOF))"

proof: $(TOOLS) $(MUTATION) assets ## 출시 전 증명: 시연, 안내서, 고장, 컨테이너, 경보, 보호 장치, 변이 / before a release: demo, how-tos, chaos, containers, alerts, guards, mutants
	@$(BIN)/pytest -m "$(PROOF)"

soak: $(TOOLS) $(MUTATION) assets ## 몇 시간, 이어서 됩니다: PART=chaos SEEDS=20, mutation, rebuild / hours, goes on where it stopped
	@$(BIN)/python -m tests.soak $(or $(PART),chaos mutation rebuild) --seeds $(or $(SEEDS),20)

chaos: $(TOOLS) assets ## 고장 속의 한 판, SEED=…로 되풀이 / one run under faults; SEED=… repeats one
	@$(BIN)/python -m tests.chaos --seed $(or $(SEED),$(shell od -An -N2 -tu2 /dev/urandom))

# figures alone go to standard output
bench: ## 성능을 한계와 견주어 잽니다 (NAMES=…) / measure against limits and peers; on a quiet machine
	@$(MAKE) --no-print-directory $(TOOLS) assets >&2
	@$(MAKE) --no-print-directory $(PEERS) >&2 || echo "비교 대상 없이 잽니다 / a peer is missing: its figures will say so" >&2
	@$(BIN)/python -m tests.bench $(NAMES)

up: $(SETUP) assets ## 모두 시작하고 Ctrl-C까지 지킵니다 / run everything in the foreground until Ctrl-C
	@$(BIN)/ieum up

down: $(SETUP) ## 실행 중인 것을 끝냅니다 / end what runs
	@$(BIN)/ieum down

lint: $(TOOLS) ## 검사만 합니다 / check style, types, directions of import, words and translations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tools.vocabulary
	@$(BIN)/python -m tools.translations

format: $(TOOLS) ## 코드를 정리합니다 / format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

assets: $(SETUP)
	@$(BIN)/python -m tools.assets

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 이상이 python3로 필요합니다. 다른 이름이면: make PYTHON=python3.12 …"; \
	  echo "Ieum needs Python 3.11 or newer as python3; under another name: make PYTHON=python3.12 …"; \
	  exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

# --no-deps: the lock names every package already; hashes are checked for each of them
$(SETUP): requirements.lock pyproject.toml | .venv/bin/python
	@$(BIN)/python -m pip install --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(TOOLS): requirements-dev.lock $(SETUP)
	@$(BIN)/python -m pip install --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

# apart: the peers want other versions of packages that we use
$(PEERS): requirements-bench.lock | .venv/bin/python
	@$(BIN)/python -m venv --clear .venv/peers
	@.venv/peers/bin/python -m pip install --disable-pip-version-check --quiet --no-deps --require-hashes -r requirements-bench.lock
	@touch $@

# apart: no mutant may be imported from the checkout, where `ieum` is installed
$(MUTATION): requirements-mutation.lock requirements-dev.lock | .venv/bin/python
	@echo "변이 시험 환경을 준비합니다 (1분쯤) / preparing the environment of the mutation tests, about a minute"
	@$(BIN)/python -m venv --clear .venv/mutation
	@.venv/mutation/bin/python -m pip install --disable-pip-version-check --quiet --no-deps --require-hashes -r requirements-dev.lock -r requirements-mutation.lock
	@touch $@
