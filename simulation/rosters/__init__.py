"""Who works when: shifts over weeks within law and contracts, checked apart and simulated."""
