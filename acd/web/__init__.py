"""The live page and the HTTP API."""
