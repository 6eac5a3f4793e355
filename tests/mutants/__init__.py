"""Random changes to the rules, and whether the tests notice: `make mutants`."""
