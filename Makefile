# `make lab` opens the course, `make test` tests it, notebooks included. Both set up what they need.
ifeq ($(OS),Windows_NT)
PYTHON ?= python
VENV_PYTHON = .venv/Scripts/python.exe
else
PYTHON ?= python3
VENV_PYTHON = .venv/bin/python
endif
READY = .venv/ready
RUN = $(VENV_PYTHON) -m animegan_helpers

.PHONY: lab env test test-all run notebooks figures student teacher release mark slides report count clean

# Your own copy of the notebooks, in my_work; with SOLVED=1 those with the solutions.
lab: $(READY)
	$(RUN) lab $(if $(NOTEBOOK),"$(NOTEBOOK)") $(if $(SOLVED),--solved)

env: $(READY)

# Made once; again when the list of dependencies changes. With KEEP_TORCH=1 it uses the packages that PYTHON has already.
$(READY): pyproject.toml
	@$(PYTHON) -c "import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f'Python 3.11 or newer is needed, this is {v[0]}.{v[1]}: make lab PYTHON=python3.12')"
	@$(PYTHON) -c "import ensurepip, venv" || (echo "Python lacks its venv module: on Debian or Ubuntu, apt install python3-venv"; exit 1)
	$(PYTHON) -m venv $(if $(KEEP_TORCH),--system-site-packages) .venv
	$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	@$(VENV_PYTHON) -c "import pathlib; pathlib.Path('$(READY)').touch()"

# Ruff, the fast unit tests, and every notebook top to bottom in smoke mode. All of them run, whatever fails.
test: $(READY)
	$(RUN) test

# Adds what is slow: a browser, nbgrader, killed processes, whole experiments. It does not repeat `make test`:
# the two together are everything.
test-all: $(READY)
	$(RUN) test --slow

# Every notebook top to bottom at the chosen budget, as HTML under build/.
run: $(READY)
	$(RUN) run

# The same, into the notebooks themselves.
notebooks: $(READY)
	$(RUN) run --in-place

figures: $(READY)
	$(VENV_PYTHON) figures/make_figures.py

# The notebooks without solutions, with all that a student needs, in build/student.
student: $(READY)
	$(RUN) student

# nbgrader, for whoever marks: it adds buttons to the JupyterLab of this .venv. Also what `make slides` needs.
teacher: $(READY)
	$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --editable ".[test,teacher]"

# What nbgrader gives out, in grading/release; needs `make teacher` once.
release: $(READY)
	$(RUN) release

# Marks what students handed in, in grading/submitted/NAME/notebooks, a line for each; after `make release`.
mark: $(READY)
	$(RUN) mark

# A deck of each notebook, one file that needs no network, in build/slides; needs `make teacher` once.
slides: $(READY)
	$(RUN) slides

# Your report, notebook 09, run and written as one page: build/report.html.
report: $(READY)
	$(RUN) report

# Code lines, words of the notebooks, and how much of the code the students write.
count: $(READY)
	$(RUN) count

clean:
	$(PYTHON) -c "import shutil; [shutil.rmtree(p, ignore_errors=True) for p in ('build', '.pytest_cache', '.ruff_cache')]"
