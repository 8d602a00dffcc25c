# Each target works alone on a bare checkout: it makes the environment it needs.
#   make demo        two brains registered, with a report (no data from outside needed)
#   make test        all tests               make quick   those without Slicer that take seconds
#   make check       ruff, mypy, all tests   make slow    only the slow ones
#   make slicer      those of nodes, views, panels and the browser view (make .venv-view for the latter)
#   make extension   lay the Slicer extension out in build/extension, to be added to Slicer's module paths
#   make files       list the engine's files anew for Slicer's installation (CMake/Engine.cmake)
#   make bench       RegSuite and its peers, side by side (hours; goes on where it stopped)
#   make bench-coverage the bands of accumulated doses against the truth, over phantoms (an hour; goes on)
#   make bench-tumor   metamorphosis on the reference's pairs and over tumour phantoms (an hour; goes on)
#   make bench-slicer   nodes, the panel's event loop, cancelling, scenes (minutes)
#   make train-uncertainty   train the network of deformation uncertainty (goes on where it stopped)
# WORKERS: processes of `make test` (2). PYTHON: the interpreter. PIP_OPTIONS: such as an index with torch without CUDA.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo test quick slow slicer check lint types format files extension bench bench-slicer bench-coverage bench-tumor bench-table train-uncertainty clean .venv-view

EXTRAS ?= dev,surfaces,panels,dicom,learning
DEMO_DIR ?= demo
BENCH_DIR ?= bench
BENCH ?=
COVERAGE ?= 0.75,0.4,15,same
TRAIN_DIR ?= bench/uncertainty
PAIRS ?=
TRAIN ?=
PYTEST ?=
WORKERS ?= 2

READY := .venv/.ready
BENCH_READY := .venv-bench/.ready
VIEW_READY := .venv-view/.ready

help:
	@sed -n '2,13s/^# \{0,1\}//p' Makefile

$(READY): pyproject.toml constraints.txt .ci/venv
	@.ci/venv .venv "$(EXTRAS)" constraints.txt
	@touch $@

$(BENCH_READY): pyproject.toml constraints-bench.txt .ci/venv
	@.ci/venv .venv-bench bench constraints-bench.txt
	@touch $@

$(VIEW_READY): constraints-view.txt .ci/venv
	@.ci/venv .venv-view - constraints-view.txt
	@touch $@

.venv-view: $(VIEW_READY)

demo: $(READY)
	.venv/bin/regsuite demo -o $(DEMO_DIR) --overwrite

test: $(READY)
	.venv/bin/python -m pytest -n $(WORKERS) --dist loadgroup $(PYTEST)

quick: $(READY)
	.venv/bin/python -m pytest -m "not slicer and not slow and not network" $(PYTEST)

slow: $(READY)
	.venv/bin/python -m pytest -m slow $(PYTEST)

slicer: $(READY)
	.venv/bin/python -m pytest -m slicer $(PYTEST)

lint: $(READY)
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .

types: $(READY)
	.venv/bin/python -m mypy

format: $(READY)
	.venv/bin/python -m ruff check --fix .
	.venv/bin/python -m ruff format .

files:
	$(or $(PYTHON),python3) CMake/list_engine.py

extension:
	@$(or $(PYTHON),python3) -m Testing.extension.layout build/extension

check: lint types test

bench: $(BENCH_READY)
	.venv-bench/bin/python -m Testing.benchmarks -o $(BENCH_DIR) $(BENCH)

bench-slicer: $(READY)
	QT_QPA_PLATFORM=offscreen VTK_DEFAULT_OPENGL_WINDOW=vtkEGLRenderWindow OMP_WAIT_POLICY=PASSIVE \
		.venv/bin/python -m Testing.benchmarks.slicer_layer $(BENCH)

bench-coverage: $(READY)
	OMP_WAIT_POLICY=PASSIVE .venv/bin/python -m Testing.benchmarks.dose_coverage -o $(BENCH_DIR)/dose-coverage \
		--settings $(COVERAGE) $(BENCH)

bench-tumor: $(READY)
	OMP_WAIT_POLICY=PASSIVE .venv/bin/python -m Testing.benchmarks.metamorphosis_pairs
	OMP_WAIT_POLICY=PASSIVE .venv/bin/python -m Testing.benchmarks.tumor_study -o $(BENCH_DIR)/tumor --ndim 2 $(BENCH)
	OMP_WAIT_POLICY=PASSIVE .venv/bin/python -m Testing.benchmarks.tumor_study -o $(BENCH_DIR)/tumor --ndim 3 $(BENCH)

bench-table: $(BENCH_READY)
	.venv-bench/bin/python -m Testing.benchmarks -o $(BENCH_DIR) --table

train-uncertainty: $(READY)
	test -f $(TRAIN_DIR)/pairs/.made || { .venv/bin/python -m RegSuite.workflows.uncertainty_pairs \
		-o $(TRAIN_DIR)/pairs $(PAIRS) && touch $(TRAIN_DIR)/pairs/.made; }
	test -f $(TRAIN_DIR)/first/model.safetensors || .venv/bin/python -m RegSuite.learning.train_uncertainty \
		$(TRAIN_DIR)/pairs -o $(TRAIN_DIR)/first $$(test ! -f $(TRAIN_DIR)/first/checkpoint.pt || echo --resume) $(TRAIN)
	.venv/bin/python -m RegSuite.learning.train_uncertainty $(TRAIN_DIR)/pairs -o $(TRAIN_DIR)/second \
		--recipe Resources/models/thorax-uncertainty-landmarks.yaml --start $(TRAIN_DIR)/first/model.safetensors \
		$$(test ! -f $(TRAIN_DIR)/second/checkpoint.pt || echo --resume) $(TRAIN)

clean:
	rm -rf demo .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
