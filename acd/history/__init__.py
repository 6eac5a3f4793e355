"""What was: figures over quarter hours to months, kept as whole numbers that can be added and merged."""
