# `make lab` opens the workbook, `make test` runs every test, notebooks included. Both set up what they need.
ifeq ($(OS),Windows_NT)
PYTHON ?= python
VENV_PYTHON = .venv/Scripts/python.exe
else
PYTHON ?= python3
VENV_PYTHON = .venv/bin/python
endif
READY = .venv/ready
NOTEBOOK ?= notebooks/00_start_here.ipynb

.PHONY: lab env test run notebooks figures clean student teacher release slides report

lab: $(READY)
	$(VENV_PYTHON) -m animegan_workshop.teaching.notebooks lab "$(NOTEBOOK)"

env: $(READY)

# Made once; again when the list of dependencies changes.
$(READY): pyproject.toml
	@$(PYTHON) -c "import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f'Python 3.11 or newer is needed, this is {v[0]}.{v[1]}: make lab PYTHON=python3.12')"
	@$(PYTHON) -c "import ensurepip, venv" || (echo "Python lacks its venv module: on Debian or Ubuntu, apt install python3-venv"; exit 1)
	$(PYTHON) -m venv .venv
	$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	@$(VENV_PYTHON) -c "import pathlib; pathlib.Path('$(READY)').touch()"

# The helper's tests, then every notebook top to bottom in smoke mode, in parallel by file. One thread a process, and idle
# threads asleep: several programs on a few cores would else wait for each other.
test: export OMP_NUM_THREADS = 1
test: export OMP_WAIT_POLICY = PASSIVE
test: $(READY)
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m pytest tests -n 2 --dist loadfile
	$(VENV_PYTHON) -m animegan_workshop.teaching.notebooks test

# Every notebook top to bottom at the chosen budget, as HTML under build/.
run: $(READY)
	$(VENV_PYTHON) -m animegan_workshop.teaching.notebooks run

# The same, into the notebooks themselves.
notebooks: $(READY)
	$(VENV_PYTHON) -m animegan_workshop.teaching.notebooks run --in-place

figures: $(READY)
	$(VENV_PYTHON) figures/make_figures.py

# The notebooks without solutions, with all that a student needs, in build/student.
student: $(READY)
	$(VENV_PYTHON) -m animegan_workshop.teaching.editions student

# nbgrader, for whoever marks: it adds buttons to the JupyterLab of this .venv. Also what `make slides` needs.
teacher: $(READY)
	$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --editable ".[test,teacher]"

# What nbgrader gives out, in grading/release; needs `make teacher` once.
release: $(READY)
	$(VENV_PYTHON) -m animegan_workshop.teaching.editions release

# A deck of each notebook, one file that needs no network, in build/slides; needs `make teacher` once.
slides: $(READY)
	$(VENV_PYTHON) -m animegan_workshop.teaching.editions slides

# Your report, notebook 09, run and written as one page: build/report.html.
report: $(READY)
	$(VENV_PYTHON) -m animegan_workshop.teaching.editions report

clean:
	$(PYTHON) -c "import shutil; [shutil.rmtree(p, ignore_errors=True) for p in ('build', '.pytest_cache', '.ruff_cache')]"
