# Set-up and everyday work. `make` alone lists the targets.

PYTHON ?= python3
DEMO := .venv-demo/bin/python
DEV := .venv/bin/python
JOBS ?= 2
# Compiled once, not again by each worker and each process that a test starts.
PYTEST := PYTHONDONTWRITEBYTECODE= TF_CPP_MIN_LOG_LEVEL=3 $(DEV) -m pytest -n $(JOBS) --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help demo hero pages docs demo-page test test-slow check test-jax test-torch fuzz \
	audit lint notebooks wheel release web test-web clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(DEMO)  ## base install, one photo by four codecs in the same bytes, a picture of it
	$(DEMO) examples/demo.py

hero: $(DEV)  ## the picture and the rows at the top of README, made again
	$(DEV) examples/demo.py experiments/results/demo
	$(DEV) experiments/pages/fill.py

pages: $(DEV)  ## the tables of README and docs, from the rows in experiments/results
	$(DEV) experiments/pages/fill.py

docs: $(DEV)  ## build/site, the documentation; strict, without the network
	NO_MKDOCS_2_WARNING=1 PYTHONPATH=. $(DEV) -m mkdocs build --quiet

demo-page: $(DEV)  ## docs/demo, a page of photographs that restore themselves
	$(DEV) examples/demo_page.py docs/demo

test: $(DEV)  ## all extras, then every test that takes seconds
	$(PYTEST) -m "not slow"

test-slow: $(DEV)  ## the tests that take minutes
	$(PYTEST) -m slow

check: lint notebooks wheel docs test-slow  ## all that takes minutes and runs on TensorFlow

FUZZ_SECONDS ?= 60
fuzz: $(DEV)  ## FUZZ_SECONDS=60 of fuzzing each reader, and mutations of pairs
	$(DEV) -m pip install --quiet -e .[fuzz]
	$(DEV) fuzz/run.py --seconds $(FUZZ_SECONDS)
	$(DEV) fuzz/mutate.py

# --strict: without it, what has no advisories for want of a network counts as safe.
audit: $(DEV)  ## published advisories on what is installed (needs the network)
	$(DEV) -m pip install --quiet pip-audit
	mkdir -p build
	$(DEV) -m pip list --exclude-editable --format freeze > build/installed.txt
	$(DEV) -m pip_audit --strict --no-deps --disable-pip -r build/installed.txt

MODELS = tests/networks/models/test_jiang2017.py tests/networks/models/test_pyramid.py \
	tests/networks/models/test_jpeg_proxy.py
TRAINING = tests/train/alternating tests/train/joint tests/train/run/test_run.py \
	tests/train/run/test_checkpoint.py tests/train/run/test_log.py tests/train/run/test_curves.py \
	tests/train/run/test_progress.py

test-jax: $(DEV)  ## the networks and their training on the JAX backend
	KERAS_BACKEND=jax $(PYTEST) $(MODELS) $(TRAINING) tests/apps/autoencoder

lint: $(DEV)  ## style and types
	$(DEV) -m ruff check .
	$(DEV) -m ruff format --check .
	$(DEV) -m mypy comrec

notebooks: $(DEV)  ## run every notebook
	$(PYTEST) --nbmake notebooks

wheel: release  ## the wheel of make release, tried in an empty environment elsewhere
	.ci/try-wheel dist/*.whl

release: $(DEV)  ## dist/, sdist and wheel as they would be published
	rm -rf build/lib build/bdist.* dist
	$(DEV) -m build --outdir dist
	$(DEV) -m twine check --strict dist/*

web: web/node_modules  ## comrec/apps/web/dist, what pages load, from web/src (needs Node.js)
	cd web && npm run --silent build

test-web: $(DEV) web/node_modules  ## pages in headless Chromium, and their scripts' tests
	$(PYTEST) tests/apps/web

test-torch: $(DEV)  ## the tests of the networks with the PyTorch backend (a CPU build)
	$(DEV) -m pip install --quiet -e .[torch]
	KERAS_BACKEND=torch $(PYTEST) $(MODELS) $(TRAINING)

$(DEMO): setup.cfg $(shell git ls-files comrec pretrained)
	$(PYTHON) -m venv .venv-demo
	$(DEMO) -m pip install --quiet .
	@touch $@

$(DEV): setup.cfg
	$(PYTHON) -m venv .venv
	$(DEV) -m pip install --quiet --upgrade pip  # an older one takes thrice as long
	$(DEV) -m pip install --quiet -e .[all]
	@touch $@

web/node_modules: web/package-lock.json
	cd web && npm ci --silent --no-audit --no-fund
	@touch $@

clean:  ## environments, builds, what the demo wrote
	rm -rf .venv .venv-demo build dist demo *.egg-info web/node_modules
