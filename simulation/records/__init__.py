"""What a centre has recorded: read, fitted, forecast, and run again."""
