"""The public form: a process of its own that can add wishes through one socket, and nothing else."""
