"""Emergency announcements: put on and off, what was asked for last, what people recorded by phone."""
