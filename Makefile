# Every target sets the checkout up first; without make: python3 .ci/bootstrap.py TARGET
# Arguments for the program behind a target: make flows ARGS="-k reference"
PYTHON ?= python3
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup flows test test-peers lint bench docs soak doctor

help:
	@$(PYTHON) .ci/bootstrap.py --help

setup flows test test-peers lint bench docs soak doctor:
	@$(PYTHON) .ci/bootstrap.py $@ $(ARGS)
