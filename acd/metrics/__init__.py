"""Figures for Prometheus (OpenMetrics); no label names a caller, a person, or what routing.privacy merges."""
