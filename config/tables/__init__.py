"""The tables of the centre's file, by subject; config.schema puts them together."""
