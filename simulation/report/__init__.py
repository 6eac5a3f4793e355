"""The report on a scenario: what is simulated for it, its words, pictures, page and PDF."""
