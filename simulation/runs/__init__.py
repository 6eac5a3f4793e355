"""Simulated years by the hundred: replications, grids, intervals, and tables of what they gave."""
