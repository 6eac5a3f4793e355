"""A model PBX: a random, seeded Asterisk of memory that drives the engine through everything that can go wrong."""
