# make up: everything from a fresh clone · make down · make test · make check
PYTHON ?= python3
BIN = .venv/bin
export HOME_DIR PORT_BASE DETACH DEMO
HOME_ARGS = $(if $(HOME_DIR),--home "$(HOME_DIR)")
UP_ARGS = $(HOME_ARGS) $(if $(PORT_BASE),--port-base $(PORT_BASE)) $(if $(filter 1,$(DETACH)),--detach) $(if $(filter 0,$(DEMO)),--no-demo)
MINUTES ?= 5
ROLE ?= smtp

.PHONY: up down status test outside units check fuzz interop drill bench big browser serve env format messages

up:
	@$(PYTHON) manage.py up $(UP_ARGS)

down:
	@$(PYTHON) manage.py down $(HOME_ARGS)

status:
	@$(PYTHON) manage.py status $(HOME_ARGS)

serve:
	@$(PYTHON) manage.py serve $(ROLE) $(HOME_ARGS)

env:
	@$(PYTHON) mailplatform/supervisor/bootstrap.py --dev

test: env
	$(BIN)/pytest

# The whole suite against Postgres and Redis from the system's packages: apt-get install postgresql redis-server
outside: env
	$(BIN)/python -m tests.support.debian $(BIN)/pytest

# The units kept in docker/systemd, made again from the service table.
units: env
	MAILPLATFORM_SITE=docker/systemd/site.toml $(BIN)/python manage.py units --home /var/lib/mailplatform \
	  --code /opt/mailplatform --out docker/systemd

# Every catalogue of mailplatform/locale brought up to the sources; what has no translation yet is printed.
messages: env
	DJANGO_SETTINGS_MODULE=mailplatform.settings.testing $(BIN)/python -m tests.support.catalog

check: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy mailplatform protocols webadmin webmail manage.py
	$(BIN)/lint-imports
	DJANGO_SETTINGS_MODULE=mailplatform.settings.testing $(BIN)/python -m django makemigrations --check --dry-run

format: env
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

fuzz: env
	MINUTES=$(MINUTES) $(BIN)/pytest -m fuzz tests/fuzz

interop: env
	$(BIN)/pytest -m interop tests

drill: env
	$(BIN)/pytest -m drill tests

bench: env
	$(BIN)/python -m benchmarks.run $(BENCH_ARGS)

big: env
	$(BIN)/pytest -m big tests

browser: env
	@command -v chromium chromium-browser google-chrome >/dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends chromium; }
	$(BIN)/pytest -m browser tests/browser
