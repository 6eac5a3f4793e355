"""The centre described: files in, values of agents and routing out."""
