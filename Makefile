# Everything runs in a virtual environment of its own, .venv. Another Python: make PYTHON=python3.12 test
PYTHON ?= python3
BIN := .venv/bin
JOBS ?= 2
FRAMEWORK_NOTEBOOKS := PyTorch TensorFlow
# Pins of all packages; /dev/null for the newest ones.
CONSTRAINTS ?= constraints.txt

.PHONY: setup demo lint test test-frameworks test-fast fuzz coverage site release notebooks prove fingerprints mutants \
	reference lock

setup: .venv/.installed

.venv/.installed: pyproject.toml assignment2/pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint $(CONSTRAINTS) --editable './assignment2[lab]' --editable '.[test]'
	@touch $@

# Build a course in demo/, grade sample submissions end to end on the embedded images.
demo: setup
	CS231N_DATA=synthetic $(BIN)/autograder demo

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python prose/lint.py
	$(BIN)/codespell $$(git ls-files '*.md' '*.py' '*.toml' '*.ipynb' '*.html' '*.yml' ':!notebooks')

# All pages as a website in site/, links checked.
site: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

# Lint, the test suite, and every executed notebook against what it printed.
test: lint
	$(BIN)/python -m pytest --ignore tests/fuzz -n $(JOBS) --dist loadgroup -q
	$(BIN)/python -m pytest tests/fuzz -q
	CS231N_DATA=synthetic OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --nbval notebooks $(FRAMEWORK_NOTEBOOKS:%=--ignore notebooks/%.ipynb) -n $(JOBS) --dist loadfile -q

# What is about PyTorch and TensorFlow, in an environment of its own. pip takes a build of PyTorch for CPUs only, a tenth
# of the size, where its configuration names one; without it this installs gigabytes.
FRAMEWORKS := .venv-frameworks/bin
# What holds for every assignment.
PROOF := $(addprefix tests/catalogue/test_,$(addsuffix .py,cheats isolation misconceptions mutants proof reference_values variants)) \
	$(addprefix tests/integration/test_release.py::test_,every_step_has_hints nothing_secret_is_in_what_students_receive \
	source_and_release_store_no_outputs executed_notebook_is_that_of_the_source)
test-frameworks: .venv-frameworks/.installed
	$(FRAMEWORKS)/python -m pytest tests/frameworks -n $(JOBS) -q
	CS231N_TEST_ASSIGNMENT=pytorch $(FRAMEWORKS)/python -m pytest $(PROOF) -n $(JOBS) --dist loadgroup -q
	CS231N_TEST_ASSIGNMENT=tensorflow $(FRAMEWORKS)/python -m pytest $(PROOF) -n $(JOBS) --dist loadgroup -q
	CS231N_DATA=synthetic OMP_NUM_THREADS=1 $(FRAMEWORKS)/python -m pytest --nbval $(FRAMEWORK_NOTEBOOKS:%=notebooks/%.ipynb) -q

.venv-frameworks/.installed: pyproject.toml assignment2/pyproject.toml constraints.txt constraints-frameworks.txt
	$(PYTHON) -m venv .venv-frameworks
	$(FRAMEWORKS)/pip install --quiet --constraint $(CONSTRAINTS) --constraint constraints-frameworks.txt \
		--editable './assignment2[lab,pytorch,tensorflow]' --editable '.[test]'
	@touch $@

# What to run after each change: half a minute.
test-fast: lint
	$(BIN)/python -m pytest tests/unit -n $(JOBS) -q

# New cases for the fuzzers, so many for each property: for hours, or until the first failure. make EXAMPLES=1000 fuzz
EXAMPLES ?= 1000000
fuzz: setup
	HYPOTHESIS_PROFILE=hours EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest tests/fuzz -n $(JOBS) -q

# Which lines and branches of both packages no test runs. Only some tests: make TESTS=tests/unit coverage
TESTS ?= tests
coverage: setup
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(TESTS) -n $(JOBS) -q
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# What is generated from source/.
release: setup
	$(BIN)/autograder release
notebooks: setup
	CS231N_DATA=synthetic $(BIN)/autograder notebooks
prove: setup
	$(BIN)/autograder prove
fingerprints: setup
	$(BIN)/autograder fingerprints
mutants: setup
	$(BIN)/autograder mutants
reference: setup
	$(BIN)/pip install --quiet --constraint $(CONSTRAINTS) --editable './assignment2[lab]' --editable '.[reference]'
	$(BIN)/autograder reference

# Exact versions of everything, for setup.
lock:
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet --editable './assignment2[lab]' --editable '.[test]'
	.venv-lock/bin/pip freeze --exclude-editable > constraints.txt
	rm -rf .venv-lock
