# Every target sets up what it needs by itself; the second time that takes no time.

# An empty environment is enough: venv and uv find themselves through PATH.
ifeq ($(strip $(PATH)),)
export PATH := /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
endif
export PATH

VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
UV_STAMP := $(VENV)/.stamp-uv
RUN_STAMP := $(VENV)/.stamp-run
DEV_STAMP := $(VENV)/.stamp-dev

# Networks with their own certificate authority keep it in the system's store.
export UV_SYSTEM_CERTS ?= 1
ifeq ($(strip $(HOME)),)
export UV_CACHE_DIR ?= $(CURDIR)/$(VENV)/.uv-cache
endif
# Another project's activated environment must not leak into this one.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH
# Without bytecode each start of a worker compiles the project and its packages: 3.7 s of CPU instead of 1.6.
unexport PYTHONDONTWRITEBYTECODE

# Every Python gets the same version of a package: the newest that has a release for all of them.
COMPILE := $(UV) pip compile --quiet --universal --fork-strategy fewest --generate-hashes --python-version 3.11 \
  --no-annotate --no-header
LOCKS := requirements-server.lock requirements.lock requirements-dev.lock requirements-uv.lock
# tests/deploy/test_locks.py names the same Pythons and platforms.
PYTHONS := 3.11 3.12 3.13 3.14
PLATFORMS := x86_64-manylinux_2_28 aarch64-manylinux_2_28 aarch64-apple-darwin

# What `make smoke` runs: media, finishing, previz, planning, the API and productions on the real embedded stack, and the
# histories, which every Python has to replay.
SMOKE := $(addprefix tests/,deploy/test_locks.py test_packages.py workflows/runtime/test_converter.py \
  workflows/production/state workflows/test_replay.py activities/storage/test_storage.py \
  activities/providers/previz activities/finishing \
  activities/takes/uploads/test_uploads.py activities/planning/test_planning.py activities/planning/test_planner.py \
  api/routes/test_api.py journeys/test_end_to_end.py)

.DEFAULT_GOAL := help
.PHONY: help demo up test tests check smoke trials pythons record bench chaos drills hosts fuzz agents screens audit clean lock wheels

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: $(RUN_STAMP) ## produce a sample video, end to end, with no key; leaves out/demo/
	@$(PY) -m deploy.demo

up: $(RUN_STAMP) ## Temporal, S3, worker and API on this machine, until Ctrl-C
	@$(PY) -m deploy.local up

test: $(DEV_STAMP) ## check, and every test but the trials, on the real embedded stack
	@$(MAKE) --no-print-directory -j 2 check tests

# Tests often wait for real processes: four at once keep two cores busy.
tests: $(DEV_STAMP)
	$(PY) -m pytest -n 4 --no-loadscope-reorder -m "not trial"

# The folders of the code, and the Python of the guides as modules.
PACKAGES := workflows activities api worker deploy tests
GUIDES := out/guides
check: $(DEV_STAMP) ## lint, format, types and import contracts
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m tests.guides $(GUIDES)
	$(PY) -m mypy $(PACKAGES) $(GUIDES)
	$(VENV)/bin/lint-imports

smoke: $(DEV_STAMP) ## some tests of each layer, on the real embedded stack
	$(PY) -m pytest -n 2 --no-loadscope-reorder $(SMOKE)

trials: $(DEV_STAMP) ## whole productions whose processes are killed: long tests of what shorter ones show step by step
	$(PY) -m pytest -n 2 --no-loadscope-reorder -m trial

pythons: $(DEV_STAMP) ## demo and smoke on each supported Python found here, a line each; logs in out/pythons/
	@$(PY) -m tests.pythons

RECORDED := $(addprefix tests/workflows/,$(patsubst %,production/test_%.py,production cancels money unexpected_bills \
  changes feedback approvals caps) production/money/test_lowered_budgets.py batch/test_batches.py runtime/test_converter.py)

record: $(DEV_STAMP) ## record histories and defaults.json, for replay
	RECORD_HISTORIES=1 $(PY) -m pytest $(RECORDED)

bench: $(DEV_STAMP) ## measure speed against the floor; writes out/bench.json
	$(PY) -m tests.bench

chaos: $(DEV_STAMP) ## TRIALS=200 trials of kills, stops, vendors' faults and people; SEED=n plays one again; then the drills; out/chaos.json
	@$(PY) -m tests.chaos
	@test -n "$$SEED" || TRIALS= $(MAKE) --no-print-directory drills

drills: $(DEV_STAMP) ## two builds of the workers forward and back, a backup and its restoration, and hosts
	$(PY) -m pytest -n 0 -q -m "trial or not trial" tests/worker/versions/test_drill.py tests/deploy/test_backup.py
	@$(MAKE) --no-print-directory hosts

hosts: $(DEV_STAMP) ## TRIALS=3 of each fault between hosts: a worker cut off, a partition, slow links, clocks; needs root; out/hosts.json
	@$(PY) -m tests.chaos.hosts

fuzz: $(DEV_STAMP) ## CASES=5000 requests by the API's own description, and lives of productions; SEED=n again; out/fuzz.json
	@$(PY) -m tests.fuzz

agents: $(DEV_STAMP) ## a hostile agent: 500 random calls of its tools and of the API, which spend no more than was granted
	$(PY) -m pytest -n 0 -m trial -rP tests/api/mcp/test_mcp.py

screens: $(DEV_STAMP) ## pictures of the studio page, each view at three sizes in both themes; out/screens/
	@$(PY) -m tests.api.studio.screens

audit: $(DEV_STAMP) ## what the locks name against known vulnerabilities; asks PyPI, so it needs a network
	@for lock in $(LOCKS); do \
	  if said=$$($(VENV)/bin/pip-audit --strict --disable-pip --progress-spinner off -r $$lock 2>&1); then \
	    echo "$$lock: $$said"; continue; fi; \
	  case "$$said" in \
	    *Found*known\ vulnerabilit*) printf '%s\n' "$$lock: $$said" \
	      'Fix: make lock UPGRADE="--upgrade-package NAME", then make test'; exit 1;; \
	    *) printf '%s\n' "$$said" | tail -n 1; \
	      echo "$$lock: NOT AUDITED, PyPI could not be asked; nothing is known of its packages"; exit 2;; \
	  esac; \
	done

clean: ## remove what was made here, except .greenlight/ (your productions) and .env
	rm -rf $(VENV) out build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

lock: $(DEV_STAMP) ## renew the requirement locks (versions stay unless UPGRADE=--upgrade)
	$(COMPILE) $(UPGRADE) -o requirements.lock --extra local --extra vendors --extra mcp --group build pyproject.toml
	$(COMPILE) -o requirements-server.lock --extra vendors --extra mcp --group build -c requirements.lock pyproject.toml
	$(COMPILE) $(UPGRADE) -o requirements-dev.lock --extra local --extra vendors --extra mcp --extra dnsmos --group build --group dev \
	  -c requirements.lock pyproject.toml
	echo uv | $(COMPILE) $(UPGRADE) -o requirements-uv.lock -
	@$(MAKE) --no-print-directory wheels

# Nothing is installed. The wheels of PyAV and others need macOS 14; uv assumes 13 unless told.
wheels: $(UV_STAMP) ## check that each locked package has a wheel for every supported Python and platform
	@for python in $(PYTHONS); do for platform in $(PLATFORMS); do for lock in $(LOCKS); do \
	  MACOSX_DEPLOYMENT_TARGET=14.0 $(UV) pip install --quiet --dry-run --no-deps --require-hashes \
	    --only-binary :all: --target $(VENV)/nothing --python-version $$python --python-platform $$platform -r $$lock || \
	    { echo "$$lock: no wheel for Python $$python on $$platform" >&2; exit 1; }; \
	done; done; done; echo "Every locked package has wheels for $(PYTHONS) on $(PLATFORMS)"

# -- set-up ---------------------------------------------------------------------------------------

# An interrupted set-up leaves no pip behind: begin again from nothing.
$(UV_STAMP): requirements-uv.lock
	@if ! $(PY) -m pip --version >/dev/null 2>&1 || ! $(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	  for p in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	    if "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found="$$p"; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo 'No Python 3.11 or newer found: install one, or name it: make PYTHON=/path/to/python3.12' >&2; exit 1; \
	  fi; \
	  echo "Setting up $(VENV) with $$("$$found" -V) (once)"; \
	  "$$found" -m venv --clear $(VENV) || { \
	    echo "$$found cannot make an environment. On Debian and Ubuntu its module is a package of its own:" \
	      'apt install python3-venv' >&2; exit 1; }; \
	fi
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

# The development lock holds all of the runtime lock: once installed, it stays.
$(RUN_STAMP): requirements.lock pyproject.toml $(UV_STAMP)
	@lock=requirements.lock; [ ! -e $(DEV_STAMP) ] || lock=requirements-dev.lock; $(call install,$$lock)
	@touch $@

$(DEV_STAMP): requirements-dev.lock requirements.lock pyproject.toml $(UV_STAMP)
	@$(call install,requirements-dev.lock)
	@touch $(RUN_STAMP) $@

define install
echo "Installing $(1)"; \
$(UV) pip sync --quiet --python $(PY) --require-hashes $(1) && \
$(UV) pip install --quiet --python $(PY) --no-deps --no-build-isolation --editable .
endef
