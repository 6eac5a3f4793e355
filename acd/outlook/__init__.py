"""The outlook: what callers who wait have to expect, found by running the engine forward many times."""
