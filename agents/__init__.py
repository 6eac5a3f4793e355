"""Who can take a call: people, their skills and their states."""
