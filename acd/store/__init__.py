"""What is kept: journal, records, vault."""
