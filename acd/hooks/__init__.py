"""Web hooks: what other systems are told of, signed, again after a failure, and never slowing anything."""
