"""Everything that touches the world: PBX, stores, broker, browser, command line."""

__version__ = "0.1.0"
