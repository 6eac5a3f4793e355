"""The two drivers of one engine: the daemon's own on a simulated clock, and its rules compiled."""
