# make figures   every figure and number, quick sizes, into figures/quick
# make test      notebooks and modules in sync, chapters as tests, pytest
# make lab       the chapters in JupyterLab, without a browser if there is none (options: LAB="--port 9999"; from a container LAB="--ip 0.0.0.0")
# make readme    README.md from nbs/index.ipynb
# make refresh   run notebooks in place, for their outputs (CHAPTERS="nbs/1_optimality/11_model.ipynb ...")
# make bench     speed beside other packages, into benchmarks/RESULTS.md (QUICK=1: small, printed only; ONLY="toys fits", with UPDATE=1 their rows)
# make wheel     the package as dist/*.whl and dist/*.tar.gz
# make doctor    what of the installation works
# make lock      requirements.lock and benchmarks/requirements.lock from settings.ini
# make clean     the environments and the quick figures away

PYTHON ?= python3
CHAPTERS ?= $(sort $(wildcard nbs/index.ipynb nbs/*/[0-9][0-9]_*.ipynb))
BIN := .venv/bin
READY := .venv/.ready
PEERS := .venv/.peers
# Jupyter refuses to run as root, as one is in a container, and looks for a browser where there is none
ROOT = $(if $(filter 0,$(shell id -u)),--allow-root)
BROWSER = $(shell $(BIN)/python -c 'import webbrowser; webbrowser.get()' 2>/dev/null || echo --no-browser)
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

# two notebooks share two cores
export OMP_NUM_THREADS ?= 1
export TF_NUM_INTRAOP_THREADS ?= 1
export TF_NUM_INTEROP_THREADS ?= 1
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: figures test lab readme refresh bench wheel doctor lock clean

figures: $(READY)
	$(BIN)/lrguide figures --preset quick --jobs 2

test: $(READY)
	@status=0; \
	$(BIN)/python -m pytest -q tests || status=1; \
	timeout 2400 $(BIN)/nbdev_test --n_workers 2 --do_print --timing || status=1; \
	exit $$status

lab: $(READY)
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/nbs/index.ipynb $(ROOT) $(BROWSER) $(LAB)

readme: $(READY)
	$(BIN)/python tools/readme.py

refresh: $(READY)
	$(BIN)/jupyter nbconvert --log-level ERROR --to notebook --execute --inplace $(CHAPTERS)
	$(BIN)/nbdev_clean

# the peers are installed on demand, beside what is there (omnifold by itself, in build/omnifold); timings want an idle machine
bench: $(PEERS)
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY)) $(if $(UPDATE),--update)

wheel: $(READY)
	rm -rf build/lib dist
	$(BIN)/python -c 'from setuptools import build_meta as build; print(build.build_sdist("dist"), build.build_wheel("dist"))' | tail -1

doctor: $(READY)
	$(BIN)/lrguide doctor

clean:
	rm -rf .venv build dist figures/quick lrguide.egg-info .pytest_cache

$(READY): requirements.lock settings.ini setup.py
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info[:2] <= (3, 12) or sys.exit("Python 3.11 or 3.12 is needed: make PYTHON=python3.12 ...")'
	@echo 'Making .venv, once: this takes a minute or a few.'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python tools/install.py requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --config-settings editable_mode=compat -e .  # importable beside the clone too
	@touch $@

$(PEERS): $(READY) benchmarks/requirements.lock
	@echo 'Adding the packages to compare with.'
	@$(BIN)/python tools/install.py benchmarks/requirements.lock
	@touch $@

# one numpy, scipy and jax for both Pythons: a universal resolution would pin two of each
lock:
	mkdir -p build && $(PYTHON) -m venv build/lock && build/lock/bin/python -m pip --quiet install uv
	$(PYTHON) tools/requirements.py > build/requirements.in
	printf '%s\n' numpy==2.4.6 scipy==1.17.1 jax==0.10.2 jaxlib==0.10.2 > build/constraints.txt
	build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url \
	  --constraint build/constraints.txt --output-file requirements.lock build/requirements.in
	$(PYTHON) tools/requirements.py bench > build/bench.in
	build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url \
	  --constraint requirements.lock --output-file benchmarks/requirements.lock build/bench.in
	rm -rf build
