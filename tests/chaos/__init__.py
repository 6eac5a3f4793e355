"""Chaos on real Asterisk and real SIP: `make chaos`; what happened is compared with what was recorded."""
