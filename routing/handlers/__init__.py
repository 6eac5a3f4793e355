"""What each event means, by whom it is about: callers, phones, staff, the centre with its links."""
