"""A whole hotline on one machine: private Asterisk, simulated callers and phones."""
