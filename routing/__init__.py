"""What happens to a call: the pure rules of the hotline."""
