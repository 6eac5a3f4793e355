"""What must hold after every step of any history, whoever made the history up."""
