"""The sections of a report, a module each: from what was simulated to sentences, tables and pictures."""
