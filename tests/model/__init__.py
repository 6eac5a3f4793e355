"""A model PBX: a random, seeded Asterisk of memory that drives the engine through all that can go wrong."""
